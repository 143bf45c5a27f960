import type { Environment } from './environment.js';
import { SekishoError } from './errors.js';
import type { Store } from './store.js';

/** What this device keeps of a session. */
export interface SessionRecord {
  /** Of one login on this device; the service does not know it. */
  readonly session: string;
  /** Another one after each refresh. */
  readonly mark: string;
  /** The refresh token; `null` in cookie mode. */
  readonly token: string | null;
}

/** The session and the `client_id` in the store. */
export class Records {
  private readonly store: Store;

  constructor(
    store: Store,
    private readonly environment: Environment,
    private readonly name: string,
  ) {
    this.store = speaking(store);
  }

  async read(): Promise<SessionRecord | null> {
    const text = await this.store.get(`${this.name}.session`);
    return text === null ? null : parse(text);
  }

  async write(record: SessionRecord): Promise<void> {
    await this.store.set(`${this.name}.session`, JSON.stringify(record));
  }

  async clear(): Promise<void> {
    await this.store.remove(`${this.name}.session`);
  }

  /** Made at the first need, and then kept: codes and refresh tokens serve only one `client_id`. */
  async clientId(): Promise<string> {
    const key = `${this.name}.client_id`;
    const kept = await this.store.get(key);
    if (kept !== null) return kept;
    const create = async () => {
      const other = await this.store.get(key);
      if (other !== null) return other;
      const created = randomId(this.environment, 16);
      await this.store.set(key, created);
      return created;
    };
    const { locks } = this.environment;
    return this.store.isShared && locks ? locks.run(key, create) : create();
  }
}

export function randomId(environment: Environment, bytes: number): string {
  return Array.from(environment.randomBytes(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The same store, whose failures are ours. */
function speaking(store: Store): Store {
  const told = async <T>(work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      const message = 'The store of this device does not work.';
      throw new SekishoError({ reason: 'STORAGE_ERROR', message, cause });
    }
  };
  return {
    isShared: store.isShared ?? false,
    get: (key) => told(() => store.get(key)),
    set: (key, value) => told(() => store.set(key, value)),
    remove: (key) => told(() => store.remove(key)),
  };
}

function parse(text: string): SessionRecord | null {
  try {
    const { session, mark, token } = JSON.parse(text);
    const isWhole = typeof session === 'string' && typeof mark === 'string';
    return isWhole && (typeof token === 'string' || token === null) ? { session, mark, token } : null;
  } catch {
    return null;
  }
}
