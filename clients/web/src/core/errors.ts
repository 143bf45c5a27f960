import { type ErrorReason, REASONS } from './reasons.js';

/** What can go wrong before the service has answered, or instead of it. */
export type LocalReason =
  /** No connection, or it broke: whether the call was carried out is not known. */
  | 'NETWORK_ERROR'
  /** No answer in time: whether the call was carried out is not known. */
  | 'TIMEOUT'
  /** The caller's `signal` was aborted. */
  | 'ABORTED'
  /** Something between here and the service answered, or a service newer than this package. */
  | 'UNEXPECTED_ANSWER'
  /** There is no session on this device. */
  | 'SIGNED_OUT'
  /** The store of this device does not work, or is locked. */
  | 'STORAGE_ERROR';

/** Why a call failed. */
export type Reason = ErrorReason | LocalReason;

/** A field that breaks a rule; `reason` is one of the rules in docs/errors.md. */
export interface FieldViolation {
  readonly field: string;
  readonly reason: string;
  /** For people, in the language that was asked for. */
  readonly message: string;
}

/** What is known of a failure. */
export interface Failure {
  readonly reason: Reason;
  readonly message: string;
  /** HTTP status; 0 where there was no answer. */
  readonly status?: number;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly requestId?: string;
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** Every failure of this package. Decide by `reason`; `message` is for people and may change. */
export class SekishoError extends Error {
  override readonly name = 'SekishoError';
  readonly reason: Reason;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  /** Quote it to the operator. */
  readonly requestId: string | undefined;
  /** Seconds after which a call may succeed. */
  readonly retryAfter: number | undefined;

  constructor(failure: Failure) {
    super(failure.message, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.reason = failure.reason;
    this.status = failure.status ?? 0;
    this.details = failure.details ?? {};
    this.requestId = failure.requestId;
    this.retryAfter = failure.retryAfter;
  }

  /** Of `VALIDATION_ERROR`: every field that breaks a rule. */
  get fields(): readonly FieldViolation[] {
    const fields = this.details['fields'];
    return Array.isArray(fields) ? fields : [];
  }

  /** Of `INVALID_CODE`: how many guesses remain. */
  get attemptsLeft(): number | undefined {
    return integer(this.details['attempts_left']);
  }

  /** Of `STEP_UP_REQUIRED`: how many seconds old the proof of identity may be. */
  get maxAuthAge(): number | undefined {
    return integer(this.details['max_auth_age']);
  }

  /** Whether it may pass by itself: it says nothing about who is signed in. */
  get isTransient(): boolean {
    return TRANSIENT.has(this.reason) || (this.reason === 'UNEXPECTED_ANSWER' && this.status >= 500);
  }
}

const TRANSIENT: ReadonlySet<Reason> = new Set<Reason>([
  'NETWORK_ERROR',
  'TIMEOUT',
  'STORAGE_ERROR',
  'RATE_LIMIT_EXCEEDED',
  'OVERLOADED',
  'STORE_UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'INTERNAL',
]);

const KNOWN: ReadonlySet<string> = new Set(REASONS);

/** A refusal as the service wrote it; `undefined` if that is not one. */
export function refusal(
  status: number,
  body: unknown,
  retryAfter: number | undefined,
): SekishoError | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined;
  const { error, message, details, request_id } = body as Record<string, unknown>;
  const reason = String(error).toUpperCase();
  if (!KNOWN.has(reason)) return undefined;
  return new SekishoError({
    reason: reason as ErrorReason,
    message: String(message ?? reason),
    status,
    ...(typeof details === 'object' && details !== null && { details: details as Record<string, unknown> }),
    ...(typeof request_id === 'string' && { requestId: request_id }),
    ...(retryAfter !== undefined && { retryAfter }),
  });
}

/** The error of anything that was thrown. */
export function asSekishoError(thrown: unknown): SekishoError {
  if (thrown instanceof SekishoError) return thrown;
  return new SekishoError({ reason: 'UNEXPECTED_ANSWER', message: String(thrown), cause: thrown });
}

// Over REST details are JSON, in which numbers of gRPC's metadata may be strings.
function integer(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
