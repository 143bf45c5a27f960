type Awaitable<T> = T | Promise<T>;

/** Where the refresh token and `client_id` are kept on this device. Access tokens never are. */
export interface Store {
  get(key: string): Awaitable<string | null>;
  set(key: string, value: string): Awaitable<void>;
  remove(key: string): Awaitable<void>;
  /** Whether other tabs see the same store. */
  readonly isShared?: boolean;
}

/** Forgets everything at the end of the process or page. */
export function memoryStore(): Store {
  const values = new Map<string, string>();
  return {
    get: (key) => values.get(key) ?? null,
    set: (key, value) => void values.set(key, value),
    remove: (key) => void values.delete(key),
  };
}

/** `localStorage`; memory where the browser gives none, or has no room. */
export function webStore(storage: () => Storage = () => globalThis.localStorage): Store {
  const fallback = memoryStore();
  const attempt = <T>(work: (storage: Storage) => T, instead: () => T): T => {
    try {
      return work(storage());
    } catch {
      return instead();
    }
  };
  return {
    isShared: true,
    async get(key) {
      // What had to be kept in memory is newer.
      const kept = await fallback.get(key);
      return (
        kept ??
        attempt(
          (storage) => storage.getItem(key),
          () => null,
        )
      );
    },
    async set(key, value) {
      await fallback.remove(key);
      const keep = (storage: Storage) => {
        storage.setItem(key, value);
        return true;
      };
      const isKept = attempt(keep, () => false);
      if (!isKept) await fallback.set(key, value);
    },
    async remove(key) {
      await fallback.remove(key);
      attempt(
        (storage) => storage.removeItem(key),
        () => undefined,
      );
    },
  };
}

/** The part of React Native's `AsyncStorage` that is used. It is not encrypted. */
export interface AsyncStorageLike {
  getItem(key: string): Promise<string | null>;
  setItem(key: string, value: string): Promise<void>;
  removeItem(key: string): Promise<void>;
}

export function asyncStorageStore(storage: AsyncStorageLike): Store {
  return {
    get: (key) => storage.getItem(key),
    set: (key, value) => storage.setItem(key, value),
    remove: (key) => storage.removeItem(key),
  };
}

/** The part of `expo-secure-store` that is used: Keychain and Keystore. */
export interface SecureStoreLike {
  getItemAsync(key: string): Promise<string | null>;
  setItemAsync(key: string, value: string): Promise<void>;
  deleteItemAsync(key: string): Promise<void>;
}

export function secureStore(store: SecureStoreLike): Store {
  return {
    get: (key) => store.getItemAsync(key),
    set: (key, value) => store.setItemAsync(key, value),
    remove: (key) => store.deleteItemAsync(key),
  };
}

/** `localStorage` in a browser, memory elsewhere. */
export function defaultStore(): Store {
  return typeof document === 'undefined' ? memoryStore() : webStore();
}
