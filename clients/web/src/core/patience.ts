import type { Environment } from './environment.js';
import { asSekishoError, type SekishoError } from './errors.js';

/** Pauses between attempts, in milliseconds, where the service names none. */
const PAUSES = [300, 1_000] as const;
/** A longer wait is the caller's to decide on. */
const LONGEST = 3_000;
/** After a failure, what is only done ahead of time rests for so long. */
const REST = 5_000;

/** Repeats what may be repeated, and waits for as long as the service asks. */
export class Patience {
  private blocked: { until: number; by: SekishoError } | null = null;
  private restUntil = 0;

  constructor(private readonly environment: Environment) {}

  isRested(): boolean {
    return this.environment.now() >= this.restUntil;
  }

  /** Runs `work`, which may be carried out more than once. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    if (this.blocked && this.environment.now() < this.blocked.until) throw this.blocked.by;
    this.blocked = null;
    for (const pause of PAUSES) {
      try {
        return await work();
      } catch (thrown) {
        const error = asSekishoError(thrown);
        const wait = error.retryAfter === undefined ? pause : error.retryAfter * 1000;
        if (!error.isTransient || wait > LONGEST) throw this.noted(error);
        await this.environment.sleep(this.jittered(wait));
      }
    }
    try {
      return await work();
    } catch (thrown) {
      throw this.noted(asSekishoError(thrown));
    }
  }

  /** `wait` and up to a third more, so that many who wait do not come back together. */
  jittered(wait: number): number {
    return wait * (1 + this.environment.random() / 3);
  }

  private noted(error: SekishoError): SekishoError {
    const now = this.environment.now();
    this.restUntil = now + REST;
    if (error.isTransient && error.retryAfter !== undefined) {
      this.blocked = { until: now + this.jittered(error.retryAfter * 1000), by: error };
    }
    return error;
  }
}
