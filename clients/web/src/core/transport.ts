import type { Environment } from './environment.js';
import { refusal, SekishoError } from './errors.js';
import { camelKeys, snakeKeys } from './names.js';

/** What a caller may say about one call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds; instead of the client's. */
  readonly timeout?: number;
}

export interface Call extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly bearer?: string;
}

export interface TransportSettings {
  readonly baseUrl: string;
  readonly timeout: number;
  readonly usesCookie: boolean;
  readonly language: () => string | undefined;
}

/** One HTTP exchange: from a call to an answer or a `SekishoError`. */
export class Transport {
  constructor(
    private readonly environment: Environment,
    private readonly settings: TransportSettings,
  ) {}

  async send<T>(call: Call): Promise<T> {
    const limit = new Deadline(call.signal, call.timeout ?? this.settings.timeout);
    try {
      const response = await this.environment.fetch(this.settings.baseUrl + call.path, {
        method: call.method,
        headers: this.headers(call),
        credentials: this.settings.usesCookie ? 'include' : 'omit',
        cache: 'no-store',
        signal: limit.signal,
        ...(call.body && { body: JSON.stringify(snakeKeys(call.body)) }),
      });
      const text = await response.text();
      return answer<T>(response, text);
    } catch (error) {
      throw error instanceof SekishoError ? error : limit.failure(error);
    } finally {
      limit.end();
    }
  }

  private headers(call: Call): Record<string, string> {
    const language = this.settings.language();
    return {
      ...(call.body && { 'content-type': 'application/json' }),
      ...(call.bearer && { authorization: `Bearer ${call.bearer}` }),
      ...(language && { 'accept-language': language }),
      ...(this.settings.usesCookie && { 'x-sekisho-cookie': '1' }),
    };
  }
}

function answer<T>(response: Response, text: string): T {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw unexpected(response, cause);
  }
  if (response.ok) return camelKeys(body) as T;
  throw refusal(response.status, body, retryAfter(response.headers)) ?? unexpected(response);
}

function unexpected(response: Response, cause?: unknown): SekishoError {
  const wait = retryAfter(response.headers);
  return new SekishoError({
    reason: 'UNEXPECTED_ANSWER',
    message: `The answer, of status ${response.status}, is not one of the service.`,
    status: response.status,
    ...(wait !== undefined && { retryAfter: wait }),
    ...(cause !== undefined && { cause }),
  });
}

// The service writes seconds (RFC 9110, section 10.2.3); a proxy's date is not worth a clock.
function retryAfter(headers: Headers): number | undefined {
  const text = headers.get('retry-after');
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The caller's signal and a time limit in one; React Native has no `AbortSignal.any`. */
class Deadline {
  private readonly controller = new AbortController();
  private readonly timer: ReturnType<typeof setTimeout>;
  private isOver = false;

  constructor(
    private readonly outer: AbortSignal | undefined,
    timeout: number,
  ) {
    this.timer = setTimeout(() => {
      this.isOver = true;
      this.controller.abort();
    }, timeout);
    if (outer?.aborted) this.abort();
    outer?.addEventListener('abort', this.abort);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  private readonly abort = () => this.controller.abort();

  failure(cause: unknown): SekishoError {
    if (this.outer?.aborted) return aborted(cause);
    if (this.isOver)
      return new SekishoError({ reason: 'TIMEOUT', message: 'There was no answer in time.', cause });
    return new SekishoError({ reason: 'NETWORK_ERROR', message: 'The service cannot be reached.', cause });
  }

  end(): void {
    clearTimeout(this.timer);
    this.outer?.removeEventListener('abort', this.abort);
  }
}

export function aborted(cause?: unknown): SekishoError {
  return new SekishoError({ reason: 'ABORTED', message: 'The call was aborted.', cause });
}

/** Stops waiting when the caller's signal is aborted; what others wait for too goes on. */
export function abandonable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const leave = () => reject(aborted(signal.reason));
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
