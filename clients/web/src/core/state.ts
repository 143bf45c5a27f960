import type { Environment } from './environment.js';
import { asSekishoError, type Reason } from './errors.js';
import type { User } from './types.js';

/** Who is signed in on this device. */
export interface AuthState {
  /**
   * `loading`: not known yet. `unavailable`: this device has a session, but the service does not
   * answer; it is asked again by itself.
   */
  readonly status: 'loading' | 'signedIn' | 'signedOut' | 'unavailable';
  readonly user: User | null;
  /** Why the session ended, or why the service is unavailable; `null` after a logout. */
  readonly reason: Reason | null;
}

interface Source {
  hasSession(): Promise<boolean>;
  /** Whether it is another one than before. */
  hasChanged(): Promise<boolean>;
  profile(): Promise<User>;
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/** The state, and how it comes back after the service was away. */
export class StateHolder {
  state: AuthState = { status: 'loading', user: null, reason: null };
  private readonly listeners = new Set<() => void>();
  private loading: Promise<void> | null = null;
  private pause = FIRST_PAUSE;
  private waiting: AbortController | null = null;
  private isClosed = false;
  private readonly sleepOn: () => void;

  constructor(
    private readonly environment: Environment,
    private readonly source: Source,
  ) {
    this.sleepOn = environment.onWake?.(() => void this.wake()) ?? (() => undefined);
  }

  subscribe(changed: () => void): () => void {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  }

  start(): Promise<void> {
    this.loading ??= this.load().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  began(): void {
    // The tab that signed in has the person in its answer; one that hears of it has to ask.
    void this.start();
  }

  ended(reason: Reason | null): void {
    this.set({ status: 'signedOut', user: null, reason });
  }

  signedInAs(user: User): void {
    this.set({ status: 'signedIn', user, reason: null });
  }

  close(): void {
    this.isClosed = true;
    this.sleepOn();
    this.waiting?.abort();
  }

  private async load(): Promise<void> {
    if (await this.isOver()) return;
    try {
      this.signedInAs(await this.source.profile());
      this.pause = FIRST_PAUSE;
    } catch (thrown) {
      const error = asSekishoError(thrown);
      if (await this.isOver()) return;
      this.set({ status: 'unavailable', user: null, reason: error.reason });
      void this.retry((error.retryAfter ?? 0) * 1000);
    }
  }

  /** Whether there is no session; that one has ended has mostly been told already. */
  private async isOver(): Promise<boolean> {
    if (await this.source.hasSession().catch(() => true)) return false;
    if (this.state.status !== 'signedOut') this.ended(null);
    return true;
  }

  private async wake(): Promise<void> {
    this.waiting?.abort();
    if (this.state.status === 'loading' || this.state.status === 'unavailable') return;
    // What the store does not tell now, the next call will.
    if (await this.source.hasChanged().catch(() => false)) await this.start();
  }

  private async retry(atLeast: number): Promise<void> {
    const waiting = new AbortController();
    this.waiting = waiting;
    const wait = Math.max(atLeast, this.pause) * (1 + this.environment.random() / 3);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    await this.environment.sleep(wait, waiting.signal);
    if (!this.isClosed && this.state.status === 'unavailable') await this.start();
  }

  private set(state: AuthState): void {
    this.state = state;
    for (const changed of this.listeners) changed();
  }
}
