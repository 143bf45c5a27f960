import { type ClientSettings, type Locks, memoryStore, SekishoClient, type Store } from '../../src/index.js';
import { address, PASSWORD, type Server } from './server.js';

type Request = { path: string; headers: Headers; body: Record<string, unknown> };
/** Stands between client and server; it passes a call on with `next`, or does not. */
export type Fault = (request: Request, next: (headers?: Headers) => Promise<Response>) => Promise<Response>;

/** A client on real HTTP, whose clock the test moves and whose connection it can spoil. */
export class Device {
  readonly client: SekishoClient;
  /** Paths that were called, in order. */
  readonly calls: string[] = [];
  fault: Fault | undefined;
  private clock = 0;

  constructor(server: Server, settings: Partial<ClientSettings> = {}) {
    this.client = new SekishoClient({
      baseUrl: server.url,
      ...settings,
      environment: {
        now: () => this.clock,
        sleep: (milliseconds) => this.sleep(milliseconds),
        fetch: (input, init) => this.fetch(String(input), init ?? {}),
        ...settings.environment,
      },
    });
  }

  pass(seconds: number): void {
    this.clock += seconds * 1000;
  }

  /** Time passes for the client alone. */
  private sleep(milliseconds: number): Promise<void> {
    this.clock += milliseconds;
    return new Promise((resolve) => setImmediate(resolve));
  }

  count(path: string): number {
    return this.calls.filter((called) => called === path).length;
  }

  private async fetch(url: string, init: RequestInit): Promise<Response> {
    const { pathname: path } = new URL(url);
    this.calls.push(path);
    const next = (headers?: Headers) => fetch(url, { ...init, ...(headers && { headers }) });
    if (!this.fault) return next();
    const body = init.body ? JSON.parse(String(init.body)) : {};
    return this.fault({ path, headers: new Headers(init.headers), body }, next);
  }
}

export const REFRESH = '/api/v1/auth/refresh';
export const PROFILE = '/api/v1/user/profile';

/** A device with a new account that is signed in. */
export async function signedUp(server: Server, settings: Partial<ClientSettings> = {}) {
  const device = new Device(server, settings);
  const email = address();
  await device.client.sendSignupCode({ email, password: PASSWORD });
  await device.client.verifySignupCode({ email, code: await server.code(email) });
  return { device, email };
}

/** Two devices' worth of tabs see one store. */
export function sharedStore(): Store {
  return { ...memoryStore(), isShared: true };
}

/** What browsers do with Web Locks, within one process. */
export function locks(): Locks {
  const held = new Map<string, Promise<unknown>>();
  return {
    async run<T>(name: string, work: (contended: boolean) => Promise<T>): Promise<T> {
      const before = held.get(name);
      const mine = (before ?? Promise.resolve()).then(
        () => work(before !== undefined),
        () => work(true),
      );
      held.set(name, mine);
      try {
        return await mine;
      } finally {
        if (held.get(name) === mine) held.delete(name);
      }
    },
  };
}

/** The platform's own channel, which in Node joins the clients of one process. */
export function channel(name: string) {
  const real = new BroadcastChannel(name);
  return {
    post: (message: unknown) => real.postMessage(message),
    listen: (heard: (message: unknown) => void) => {
      real.onmessage = (event) => heard((event as MessageEvent).data);
    },
    close: () => real.close(),
  };
}

/** A pause in which other tabs can answer. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Resolves once `client.state` is as wanted. */
export function until(client: SekishoClient, isWanted: (state: SekishoClient['state']) => boolean) {
  return new Promise<void>((resolve) => {
    const look = () => {
      if (!isWanted(client.state)) return;
      leave();
      resolve();
    };
    const leave = client.subscribe(look);
    look();
  });
}
