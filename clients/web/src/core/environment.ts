/** What another tab says; see `tabs.ts`. */
export interface Channel {
  post(message: unknown): void;
  listen(heard: (message: unknown) => void): void;
  close(): void;
}

/** One holder at a time, over all tabs. */
export interface Locks {
  /** Runs `work` alone; `contended` says whether somebody else had to finish first. */
  run<T>(name: string, work: (contended: boolean) => Promise<T>): Promise<T>;
}

/** What the platform gives; each part can be replaced, in tests and on other platforms. */
export interface Environment {
  readonly fetch: typeof fetch;
  /** Milliseconds that only ever rise, whatever the wall clock of the device says. */
  readonly now: () => number;
  /** From 0 to below 1, for jitter only. */
  readonly random: () => number;
  /** Bytes for identifiers that nobody can guess. */
  readonly randomBytes: (length: number) => Uint8Array;
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Absent where there are no tabs, or no Web Locks. */
  readonly locks: Locks | undefined;
  /** Calls `woken` when the network is back, or the page, which may have missed what was said. */
  readonly onWake: ((woken: () => void) => () => void) | undefined;
  /** Absent where there are no tabs. */
  readonly channel: ((name: string) => Channel) | undefined;
}

/** A tab may be put to sleep while it holds the lock. The lock saves calls, and is not needed to be right. */
const LOCK_PATIENCE = 15_000;

export function platform(): Environment {
  const inTab = typeof document !== 'undefined';
  return {
    fetch: (input, init) => globalThis.fetch(input, init),
    now: () => performance.now(),
    random: Math.random,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    sleep,
    onWake: inTab ? onWake : undefined,
    locks: inTab && navigator.locks ? webLocks(navigator.locks) : undefined,
    channel: inTab && typeof BroadcastChannel === 'function' ? broadcastChannel : undefined,
  };
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function onWake(woken: () => void): () => void {
  // Out of the back/forward cache, in which a page hears nothing.
  const shown = (event: PageTransitionEvent) => {
    if (event.persisted) woken();
  };
  window.addEventListener('online', woken);
  window.addEventListener('pageshow', shown);
  return () => {
    window.removeEventListener('online', woken);
    window.removeEventListener('pageshow', shown);
  };
}

function webLocks(manager: LockManager): Locks {
  return {
    async run<T>(name: string, work: (contended: boolean) => Promise<T>): Promise<T> {
      const free = await manager.request(name, { ifAvailable: true }, async (lock) =>
        lock === null ? undefined : { outcome: await work(false) },
      );
      if (free !== undefined) return free.outcome;
      const patience = new AbortController();
      const timer = setTimeout(() => patience.abort(), LOCK_PATIENCE);
      let started = false;
      const alone = () => {
        started = true;
        clearTimeout(timer);
        return work(true);
      };
      try {
        return await manager.request(name, { signal: patience.signal }, alone);
      } catch (error) {
        if (started || !patience.signal.aborted) throw error;
        return await alone();
      }
    },
  };
}

function broadcastChannel(name: string): Channel {
  const channel = new BroadcastChannel(name);
  return {
    post: (message) => channel.postMessage(message),
    listen: (heard) => {
      channel.onmessage = (event) => heard(event.data);
    },
    close: () => channel.close(),
  };
}
