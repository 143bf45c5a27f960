import { type Environment, platform } from './environment.js';
import { asSekishoError, type Reason } from './errors.js';
import { Flows } from './flows.js';
import { Records } from './record.js';
import { Rpcs } from './rpcs.js';
import { SessionManager } from './session.js';
import { type AuthState, StateHolder } from './state.js';
import { defaultStore, type Store } from './store.js';
import { type Call, Transport } from './transport.js';

export interface ClientSettings {
  /** Where the service is: `https://auth.example.com`. Empty: where the page is from. */
  readonly baseUrl: string;
  /** Where refresh token and `client_id` are kept; `localStorage` in a browser, else memory. */
  readonly store?: Store;
  /** The refresh token in a cookie that no script can read (docs/web.md, browser mode). */
  readonly cookie?: boolean;
  /** Milliseconds for one answer; 10,000. */
  readonly timeout?: number;
  /** `ja` or `en`: of messages and mails. Left out: what the browser says. */
  readonly language?: string;
  /** What entries in the store and the channel between tabs begin with; `sekisho`. */
  readonly name?: string;
  /** Parts of the platform, to be replaced in tests and on platforms without them. */
  readonly environment?: Partial<Environment>;
}

/** A call was refused for its access token, and another one may be had. */
const RENEWABLE: ReadonlySet<Reason> = new Set<Reason>([
  'ACCESS_TOKEN_EXPIRED',
  'ACCESS_TOKEN_INVALID',
  'SESSION_REVOKED',
]);

/** Signs people in, keeps them signed in, and calls the service for them. */
export class SekishoClient extends Flows {
  /** The language of messages; it can be changed at any time. */
  language: string | undefined;
  protected readonly rpcs: Rpcs;
  protected readonly session: SessionManager;
  protected readonly holder: StateHolder;
  private readonly transport: Transport;
  private readonly records: Records;
  private readonly environment: Environment;

  constructor(settings: ClientSettings) {
    super();
    const { baseUrl, store = defaultStore(), cookie = false, timeout = 10_000, name = 'sekisho' } = settings;
    this.language = settings.language;
    this.environment = { ...platform(), ...settings.environment };
    this.records = new Records(store, this.environment, name);
    this.transport = new Transport(this.environment, {
      baseUrl: baseUrl.replace(/\/+$/, ''),
      timeout,
      usesCookie: cookie,
      language: () => this.language,
    });
    this.rpcs = new Rpcs({
      open: (call) => this.transport.send(call),
      onDevice: (call) => this.onDevice(call),
      signedIn: (call) => this.signedIn(call),
    });
    this.holder = new StateHolder(this.environment, {
      hasSession: () => this.session.exists(),
      hasChanged: () => this.session.hasChanged(),
      profile: async () => (await this.rpcs.getProfile()).user,
    });
    const isShared = store.isShared ?? false;
    this.session = new SessionManager(
      this.environment,
      this.records,
      { name, usesCookie: cookie, isShared },
      {
        exchange: (token) => this.rpcs.refreshToken(token),
        began: () => this.holder.began(),
        ended: (reason) => this.holder.ended(reason),
      },
    );
  }

  /** What is known now; the same object until it changes. */
  get state(): AuthState {
    return this.holder.state;
  }

  /** Calls `changed` at each change of `state`; the answer ends that. */
  readonly subscribe = (changed: () => void): (() => void) => this.holder.subscribe(changed);

  /** Goes on with the session that this device has, if it has one. Call it once, at the start. */
  start(): Promise<void> {
    return this.holder.start();
  }

  /** Leaves the channel between tabs. */
  close(): void {
    this.holder.close();
    this.session.close();
  }

  /** The identifier of this device. */
  clientId(): Promise<string> {
    return this.records.clientId();
  }

  /** An access token for another service's call, renewed if need be. */
  accessToken(signal?: AbortSignal): Promise<string> {
    return this.session.token(signal);
  }

  /** The successor of an access token that another service has refused as expired. */
  async renewedToken(refused: string): Promise<string> {
    return (await this.session.refresh(refused)).token;
  }

  private async onDevice<T>(call: Call & { readonly body: object }): Promise<T> {
    return this.transport.send({ ...call, body: { ...call.body, clientId: await this.clientId() } });
  }

  private async signedIn<T>(call: Call): Promise<T> {
    const bearer = await this.session.token(call.signal);
    try {
      return await this.transport.send<T>({ ...call, bearer });
    } catch (thrown) {
      const error = asSekishoError(thrown);
      if (!RENEWABLE.has(error.reason)) throw error;
      const next = await this.session.renewed(bearer, error.reason, call.signal);
      return this.transport.send<T>({ ...call, bearer: next });
    }
  }
}
