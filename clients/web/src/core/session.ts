import { type Access, access, isUsable } from './access.js';
import type { Environment } from './environment.js';
import { asSekishoError, type Reason, SekishoError } from './errors.js';
import { Patience } from './patience.js';
import { type Records, randomId, type SessionRecord } from './record.js';
import { PATIENCE, Tabs } from './tabs.js';
import { abandonable } from './transport.js';
import type { Tokens } from './types.js';

export interface SessionSettings {
  readonly name: string;
  readonly usesCookie: boolean;
  readonly isShared: boolean;
}

export interface SessionEvents {
  /** Exchanges a refresh token (`null`: the cookie) for its successor. */
  exchange(token: string | null): Promise<Tokens>;
  /** Another tab has begun a session. */
  began(): void;
  ended(reason: Reason | null): void;
}

/** The refresh token will never be good again. Nothing else signs anybody out. */
const DEAD: ReadonlySet<Reason> = new Set<Reason>([
  'REFRESH_TOKEN_INVALID',
  'REFRESH_TOKEN_EXPIRED',
  'REFRESH_TOKEN_REUSED',
  'CLIENT_ID_MISMATCH',
  'ACCOUNT_DISABLED',
  // No token that the service can read: the browser has dropped the cookie.
  'VALIDATION_ERROR',
]);

/** The tokens of one session, over every tab of the device. */
export class SessionManager {
  private current: Access | null = null;
  private refreshing: Promise<Access> | null = null;
  /** What a call was told of the session, while the service is asked about it. */
  private suspicion: Reason | null = null;
  private readonly patience: Patience;
  private readonly tabs: Tabs;

  constructor(
    private readonly environment: Environment,
    private readonly records: Records,
    private readonly settings: SessionSettings,
    private readonly events: SessionEvents,
  ) {
    this.patience = new Patience(environment);
    const reachable = settings.isShared ? environment : { ...environment, channel: undefined };
    this.tabs = new Tabs(reachable, settings.name, {
      current: () => this.current,
      heardToken: (access) => this.heardToken(access),
      heardEnd: (session, reason) => this.heardEnd(session, reason),
    });
  }

  /** Whether this device has a session, as far as it knows. */
  async exists(): Promise<boolean> {
    // What another tab has just written may not be seen yet in `localStorage`.
    return this.current !== null || (await this.records.read()) !== null;
  }

  /** An access token that is good for a call now. */
  async token(signal?: AbortSignal): Promise<string> {
    const { current } = this;
    const now = this.environment.now();
    if (!current || !isUsable(current, now)) {
      return (await abandonable(this.refresh(current?.token), signal)).token;
    }
    if (now >= current.renewAt && this.patience.isRested()) {
      // What becomes of it is seen by the call that needs it.
      this.refresh(current.token).catch(() => undefined);
    }
    return current.token;
  }

  /** The successor of `stale`, whichever tab fetches it. */
  refresh(stale: string | undefined): Promise<Access> {
    const { current } = this;
    const isOther = current && current.token !== stale && isUsable(current, this.environment.now());
    if (isOther) return Promise.resolve(current);
    this.refreshing ??= this.refreshAlone(stale).finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  /** The same for a call; where the session has ended, `why` is the reason that is shown. */
  async renewed(stale: string, why: Reason, signal?: AbortSignal): Promise<string> {
    if (why === 'SESSION_REVOKED') this.suspicion = why;
    try {
      return (await abandonable(this.refresh(stale), signal)).token;
    } finally {
      this.suspicion = null;
    }
  }

  /** Begins with what a login answered. */
  async begin(tokens: Tokens): Promise<void> {
    const before = await this.records.read();
    const session = randomId(this.environment, 8);
    await this.write({ session, mark: '', token: null }, tokens);
    if (before) this.tabs.supersede(before.session);
    this.take(session, tokens);
  }

  /** Goes on with other tokens of the same session. */
  async replace(tokens: Tokens): Promise<void> {
    const record = await this.records.read();
    if (!record) return this.missing();
    await this.keep(record, tokens);
  }

  /** Whether the session is another one than this page knows: it may have missed what was said. */
  async hasChanged(): Promise<boolean> {
    const record = await this.records.read();
    if (record?.session === this.current?.session) return false;
    this.current = null;
    return true;
  }

  /** Forgets the session on this device, in every tab; answers with what it was. */
  async end(reason: Reason | null): Promise<SessionRecord | null> {
    const record = await this.records.read();
    await this.records.clear();
    this.current = null;
    if (record) this.tabs.tellEnd(record.session, reason);
    this.events.ended(reason);
    return record;
  }

  read(): Promise<SessionRecord | null> {
    return this.records.read();
  }

  close(): void {
    this.tabs.close();
  }

  private async refreshAlone(stale: string | undefined): Promise<Access> {
    const before = await this.records.read();
    if (!before) return this.missing();
    const { locks } = this.environment;
    if (!this.settings.isShared) return this.exchange(before);
    if (!locks) {
      // Whoever is the first to lose patience fetches for all.
      const patience = PATIENCE.withoutLock * (0.3 + 0.7 * this.environment.random());
      return this.askThenExchange(before, stale, patience);
    }
    return locks.run(`${this.settings.name}.refresh`, async (contended) => {
      const record = await this.records.read();
      if (!record) return this.missing();
      // Somebody has been here: the store may show it, or be late in showing it.
      const isKnown = contended || record.mark !== before.mark;
      return isKnown ? this.askThenExchange(record, stale, PATIENCE.withLock) : this.exchange(record);
    });
  }

  /**
   * What another tab has just fetched is taken from it: the service forgives a token that is one
   * behind, and two tabs that take turns would leave a third one two behind.
   */
  private async askThenExchange(record: SessionRecord, stale: string | undefined, patience: number) {
    const handed = await this.tabs.ask(record.session, stale, patience);
    if (handed) return handed;
    const kept = await this.records.read();
    return kept ? this.exchange(kept) : this.missing();
  }

  private async exchange(record: SessionRecord): Promise<Access> {
    let tokens: Tokens;
    try {
      tokens = await this.patience.attempt(() => this.events.exchange(record.token));
    } catch (thrown) {
      const error = asSekishoError(thrown);
      if (!DEAD.has(error.reason)) throw error;
      const kept = await this.records.read();
      // Another tab has gone on, or has signed in anew.
      if (kept && kept.mark !== record.mark) return this.exchange(kept);
      if (kept) await this.end(this.reasonOf(error));
      throw error;
    }
    return this.keep(record, tokens);
  }

  /** The most telling of what is known. */
  private reasonOf(error: SekishoError): Reason {
    const isVague = error.reason === 'REFRESH_TOKEN_INVALID' || error.reason === 'VALIDATION_ERROR';
    return isVague ? (this.suspicion ?? 'REFRESH_TOKEN_INVALID') : error.reason;
  }

  private async keep(record: SessionRecord, tokens: Tokens): Promise<Access> {
    const kept = await this.records.read();
    // A login or a logout that came while the answer was on its way stands.
    if (kept && kept.session !== record.session) return this.goOnWith(kept);
    if (!kept || this.tabs.hasEnded(record.session)) return this.missing(record.session);
    // A tab without the lock has gone on: its token is the newer one. And where the store fails, the
    // service takes the token that is in it once more, for its successor was never used.
    if (kept.mark === record.mark) await this.write(record, tokens).catch(unlessStored);
    return this.take(record.session, tokens);
  }

  private async write(record: SessionRecord, tokens: Tokens): Promise<void> {
    if (this.settings.usesCookie && tokens.refreshToken !== '') {
      const message = 'The service has cookie mode switched off (SEKISHO_REFRESH_COOKIE).';
      throw new SekishoError({ reason: 'UNEXPECTED_ANSWER', message });
    }
    const token = this.settings.usesCookie ? null : tokens.refreshToken;
    await this.records.write({ session: record.session, mark: randomId(this.environment, 8), token });
  }

  private take(session: string, tokens: Tokens): Access {
    this.current = access(this.environment, session, tokens.accessToken, tokens.expiresIn * 1000);
    this.tabs.tell(this.current);
    return this.current;
  }

  private async goOnWith(record: SessionRecord): Promise<Access> {
    return this.current?.session === record.session ? this.current : this.exchange(record);
  }

  /** Says so, unless another session has begun since that one was asked for. */
  private missing(session = this.current?.session): never {
    if (this.current && this.current.session === session) {
      this.current = null;
      this.events.ended(null);
    }
    throw signedOut();
  }

  private heardToken(access: Access): void {
    const before = this.current;
    this.current = access;
    if (before?.session === access.session) return;
    if (before) this.tabs.supersede(before.session);
    this.events.began();
  }

  private heardEnd(session: string, reason: Reason | null): void {
    if (this.current && this.current.session !== session) return;
    this.current = null;
    this.events.ended(reason);
  }
}

function unlessStored(error: unknown): void {
  if (asSekishoError(error).reason !== 'STORAGE_ERROR') throw error;
}

function signedOut(): SekishoError {
  return new SekishoError({ reason: 'SIGNED_OUT', message: 'Nobody is signed in on this device.' });
}
