import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryStore } from '../src/index.js';
import { Device, type Fault, PROFILE, REFRESH, signedUp, until } from './support/device.js';
import { expired, PASSWORD, Server } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.stop());

const LIFE = 900;

/** Takes the first access token that is sent for one whose time is over. */
function expiring(): Fault {
  let old: string | undefined;
  return ({ headers }, next) => {
    const sent = headers.get('authorization')?.replace('Bearer ', '');
    old ??= sent;
    if (sent && sent === old) headers.set('authorization', `Bearer ${expired(sent)}`);
    return next(headers);
  };
}

/** Answers refreshes itself, so many times; a real server gives these only when it is in trouble. */
function refusing(times: number, answer: () => Response): Fault {
  let left = times;
  return ({ path }, next) => {
    if (path !== REFRESH || left === 0) return next();
    left -= 1;
    return Promise.resolve(answer());
  };
}

/** Keeps the answers of refreshes back until `release`; `seen`: the server has given the first. */
function holding() {
  let release = () => {};
  let see = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const seen = new Promise<void>((resolve) => {
    see = resolve;
  });
  const fault: Fault = async ({ path }, next) => {
    const answer = await next();
    if (path === REFRESH) {
      see();
      await released;
    }
    return answer;
  };
  return { fault, seen, release };
}

const refusal =
  (status: number, error: string, headers: Record<string, string> = {}) =>
  () =>
    new Response(JSON.stringify({ error, message: error, details: {} }), { status, headers });

describe('an access token', () => {
  it('is renewed ahead of its end, while calls go on with it', async () => {
    const { device } = await signedUp(server);
    device.pass(LIFE * 0.6);
    await device.client.getProfile();
    expect(device.count(REFRESH)).toBe(0);
    device.pass(LIFE * 0.35);
    const before = await device.client.accessToken();
    expect(await device.client.accessToken()).toBe(before);
    await device.client.renewedToken(before);
    expect(device.count(REFRESH)).toBe(1);
    expect(await device.client.accessToken()).not.toBe(before);
  });

  it('is renewed at another moment on another device', async () => {
    const renewed = async (random: number) => {
      const { device } = await signedUp(server, { environment: { random: () => random } });
      device.pass(LIFE * 0.8);
      await device.client.getProfile();
      return device.count(REFRESH);
    };
    expect([await renewed(0), await renewed(0.99)]).toEqual([1, 0]);
  });

  it('that is past its time is renewed before the call', async () => {
    const { device } = await signedUp(server);
    device.pass(LIFE);
    await device.client.getProfile();
    expect(device.calls.slice(-2)).toEqual([REFRESH, PROFILE]);
  });

  it('that the service calls expired is renewed, and the call is made once more', async () => {
    const { device } = await signedUp(server);
    device.fault = expiring();
    await device.client.getProfile();
    expect(device.calls.slice(-3)).toEqual([PROFILE, REFRESH, PROFILE]);
  });

  it('is renewed once for calls that come together', async () => {
    const { device } = await signedUp(server);
    device.fault = expiring();
    await Promise.all(Array.from({ length: 20 }, () => device.client.getProfile()));
    expect(device.count(REFRESH)).toBe(1);
  });

  it('that is refused once more is not tried a third time', async () => {
    const { device } = await signedUp(server);
    device.fault = ({ path, headers }, next) => {
      const sent = headers.get('authorization')?.replace('Bearer ', '');
      if (path === PROFILE && sent) headers.set('authorization', `Bearer ${expired(sent)}`);
      return next(headers);
    };
    await expect(device.client.getProfile()).rejects.toMatchObject({ reason: 'ACCESS_TOKEN_EXPIRED' });
    expect([device.count(PROFILE), device.count(REFRESH)]).toEqual([2, 1]);
    expect(device.client.state.status).toBe('signedIn');
  });
});

it('a proof of identity is renewed although the access token is past its time', async () => {
  const { device } = await signedUp(server);
  device.pass(LIFE);
  await device.client.reauthenticate(PASSWORD);
  device.fault = expiring();
  await device.client.reauthenticate(PASSWORD);
  await device.client.deleteAccount();
});

describe('a refresh', () => {
  it('whose answer was lost is repeated with the same token', async () => {
    const { device } = await signedUp(server);
    const sent: unknown[] = [];
    device.fault = async ({ path, body }, next) => {
      const answer = await next();
      if (path !== REFRESH) return answer;
      sent.push(body['refresh_token']);
      // The server has committed; the connection breaks.
      if (sent.length < 3) throw new TypeError('connection lost');
      return answer;
    };
    device.pass(LIFE);
    await device.client.getProfile();
    expect(sent).toHaveLength(3);
    expect(new Set(sent).size).toBe(1);
    device.fault = undefined;
    device.pass(LIFE);
    await device.client.getProfile();
    expect(device.client.state.status).toBe('signedIn');
  });

  it.each([
    ['a store that is away', refusal(503, 'store_unavailable', { 'retry-after': '1' })],
    ['a busy service', refusal(503, 'overloaded', { 'retry-after': '1' })],
    ['a fault of the service', refusal(500, 'internal')],
    ['a proxy without a service', () => new Response('<h1>Bad Gateway</h1>', { status: 502 })],
    ['no network', () => Promise.reject(new TypeError('offline')) as never],
  ])('signs nobody out for %s', async (_, answer) => {
    const { device } = await signedUp(server);
    device.fault = refusing(3, answer);
    device.pass(LIFE);
    await expect(device.client.getProfile()).rejects.toMatchObject({ isTransient: true });
    expect(device.count(REFRESH)).toBe(3);
    expect(device.client.state.status).toBe('signedIn');
    device.pass(5);
    await device.client.getProfile();
    expect(device.count(REFRESH)).toBe(4);
  });

  it('waits for as long as the service asks', async () => {
    const slept: number[] = [];
    const sleep = async (milliseconds: number) => void slept.push(milliseconds);
    const { device } = await signedUp(server, { environment: { sleep, random: () => 0 } });
    device.fault = refusing(1, refusal(503, 'overloaded', { 'retry-after': '2' }));
    device.pass(LIFE);
    await device.client.getProfile();
    expect(slept).toEqual([2000]);

    device.fault = refusing(1, refusal(429, 'rate_limit_exceeded', { 'retry-after': '60' }));
    device.pass(LIFE);
    const before = device.count(REFRESH);
    for (const _ of [1, 2, 3]) {
      await expect(device.client.getProfile()).rejects.toMatchObject({ retryAfter: 60 });
    }
    expect(device.count(REFRESH)).toBe(before + 1);
    device.pass(60);
    await device.client.getProfile();
  });

  it('is not stopped by a caller who leaves', async () => {
    const { device } = await signedUp(server);
    device.pass(LIFE);
    const leave = new AbortController();
    const left = device.client.getProfile({ signal: leave.signal });
    const stayed = device.client.getProfile();
    leave.abort();
    await expect(left).rejects.toMatchObject({ reason: 'ABORTED' });
    await stayed;
    expect(device.count(REFRESH)).toBe(1);
  });

  it('goes on over a restart of the server', async () => {
    const own = await Server.start();
    const { device } = await signedUp(own);
    await own.restart();
    await device.client.getProfile();
    device.pass(LIFE);
    await device.client.getProfile();
    await own.stop();
  });

  it('takes no account of the clock of the device', async () => {
    const { device } = await signedUp(server);
    const { now } = Date;
    try {
      Date.now = () => now() + 400 * 86_400_000;
      await device.client.getProfile();
      expect(device.count(REFRESH)).toBe(0);
    } finally {
      Date.now = now;
    }
  });
});

describe('the end of a session', () => {
  it('that a stolen token brings is shown to both ends', async () => {
    const store = memoryStore();
    const { device } = await signedUp(server, { store });
    const stolen = JSON.parse((await store.get('sekisho.session')) ?? '').token;
    for (const _ of [1, 2]) {
      device.pass(LIFE);
      await device.client.getProfile();
    }
    const client_id = await device.client.clientId();
    const answer = await fetch(server.url + REFRESH, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refresh_token: stolen, client_id }),
    });
    expect(await answer.json()).toMatchObject({ error: 'refresh_token_reused' });
    await expect(device.client.getProfile()).rejects.toThrow();
    expect(device.client.state).toMatchObject({ status: 'signedOut', reason: 'SESSION_REVOKED' });
  });

  it('for a token used again is told by that name', async () => {
    const store = memoryStore();
    const { device } = await signedUp(server, { store });
    const kept = (await store.get('sekisho.session')) ?? '';
    for (const _ of [1, 2]) {
      device.pass(LIFE);
      await device.client.getProfile();
    }
    // As a device does that was restored from a backup.
    await store.set('sekisho.session', kept);
    device.pass(LIFE);
    await expect(device.client.getProfile()).rejects.toMatchObject({ reason: 'REFRESH_TOKEN_REUSED' });
    expect(device.client.state).toMatchObject({ status: 'signedOut', reason: 'REFRESH_TOKEN_REUSED' });
    expect(await store.get('sekisho.session')).toBeNull();
  });

  it('by a logout is not undone by a refresh that was on its way', async () => {
    const store = memoryStore();
    const { device } = await signedUp(server, { store });
    const { fault, seen, release } = holding();
    device.fault = fault;
    device.pass(LIFE);
    const call = device.client.getProfile();
    await seen;
    await device.client.logout();
    release();
    await expect(call).rejects.toMatchObject({ reason: 'SIGNED_OUT' });
    // What came too late is not used.
    expect(device.count(PROFILE)).toBe(0);
    expect(device.client.state).toMatchObject({ status: 'signedOut', reason: null });
    expect(await store.get('sekisho.session')).toBeNull();
  });

  it('by another login is not undone by a refresh that was on its way', async () => {
    const { device } = await signedUp(server);
    const { email } = await signedUp(server);
    const { fault, seen, release } = holding();
    device.fault = fault;
    device.pass(LIFE);
    const call = device.client.getProfile();
    await seen;
    await device.client.login({ email, password: PASSWORD });
    release();
    expect((await call).email).toBe(email);
    expect(device.client.state).toMatchObject({ status: 'signedIn', user: { email } });
  });

  it('is a matter of this device where the service is not reached', async () => {
    const store = memoryStore();
    const { device } = await signedUp(server, { store });
    device.fault = () => Promise.reject(new TypeError('offline'));
    await expect(device.client.logout()).rejects.toMatchObject({ reason: 'NETWORK_ERROR' });
    expect(device.client.state.status).toBe('signedOut');
    expect(await store.get('sekisho.session')).toBeNull();
  });
});

describe('a store that fails', () => {
  const failing = () => {
    const store = memoryStore();
    const faulty = { ...store, isBroken: false };
    const orFail = <T>(work: () => T): T => {
      if (faulty.isBroken) throw new Error('locked');
      return work();
    };
    faulty.get = (key) => orFail(() => store.get(key));
    faulty.set = (key, value) => orFail(() => store.set(key, value));
    return faulty;
  };

  it('at the start is waited for, as the service is', async () => {
    const store = failing();
    await signedUp(server, { store });
    store.isBroken = true;
    const device = new Device(server, { store, environment: { sleep: () => new Promise(() => undefined) } });
    await device.client.start();
    expect(device.client.state).toMatchObject({ status: 'unavailable', reason: 'STORAGE_ERROR' });
    await expect(device.client.getProfile()).rejects.toMatchObject({ reason: 'STORAGE_ERROR' });
    store.isBroken = false;
    await device.client.start();
    expect(device.client.state.status).toBe('signedIn');
  });

  it('to take a successor costs nobody the session', async () => {
    const store = failing();
    const { set } = store;
    const { device } = await signedUp(server, { store });
    store.set = () => {
      throw new Error('full');
    };
    for (const _ of [1, 2, 3]) {
      device.pass(LIFE);
      await device.client.getProfile();
    }
    store.set = set;
    device.pass(LIFE);
    await device.client.getProfile();
    expect(device.client.state.status).toBe('signedIn');
  });
});

describe('the next start', () => {
  it('goes on with the session that the store has', async () => {
    const store = memoryStore();
    const { email } = await signedUp(server, { store });
    const again = new Device(server, { store });
    await again.client.start();
    expect(again.client.state).toMatchObject({ status: 'signedIn', user: { email } });
    expect(again.count(REFRESH)).toBe(1);
  });

  it('without a session asks nobody', async () => {
    const device = new Device(server);
    await device.client.start();
    expect(device.client.state.status).toBe('signedOut');
    expect(device.calls).toEqual([]);
  });

  it('comes back by itself after the service was away', async () => {
    const store = memoryStore();
    await signedUp(server, { store });
    const sleep = () => new Promise<void>((resolve) => setImmediate(resolve));
    const again = new Device(server, { store, environment: { sleep } });
    again.fault = refusing(5, refusal(503, 'store_unavailable'));
    const away = until(again.client, ({ status }) => status === 'unavailable');
    const back = until(again.client, ({ status }) => status === 'signedIn');
    await again.client.start();
    await Promise.all([away, back]);
  });

  it('is tried at once when the network is back', async () => {
    const store = memoryStore();
    await signedUp(server, { store });
    let wake = () => {};
    const device = new Device(server, {
      store,
      environment: {
        // Nothing but the wake ends the pause.
        sleep: (_, signal) => new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
        onWake: (woken) => {
          wake = woken;
          return () => undefined;
        },
      },
    });
    device.fault = refusing(1, refusal(429, 'rate_limit_exceeded', { 'retry-after': '9' }));
    await device.client.start();
    expect(device.client.state.status).toBe('unavailable');
    device.pass(20);
    wake();
    await until(device.client, ({ status }) => status === 'signedIn');
  });

  it('of a page out of the cache looks at the store again', async () => {
    const store = memoryStore();
    let wake = () => {};
    const onWake = (woken: () => void) => {
      wake = woken;
      return () => undefined;
    };
    const { device } = await signedUp(server, { store, environment: { onWake } });
    const other = new Device(server, { store });
    await other.client.start();
    await other.client.logout();
    expect(device.client.state.status).toBe('signedIn');
    wake();
    await until(device.client, ({ status }) => status === 'signedOut');
  });

  it('survives a store with junk in it', async () => {
    const store = memoryStore();
    await store.set('sekisho.session', '{"session":1');
    const device = new Device(server, { store });
    await device.client.start();
    expect(device.client.state.status).toBe('signedOut');
  });
});

it('a call that takes too long ends with TIMEOUT', async () => {
  const device = new Device(server, {
    timeout: 20,
    environment: {
      fetch: (_, init) =>
        new Promise((_, reject) =>
          init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)),
        ),
    },
  });
  await expect(device.client.checkPassword('x')).rejects.toMatchObject({ reason: 'TIMEOUT', status: 0 });
});
