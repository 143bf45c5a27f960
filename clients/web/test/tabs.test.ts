import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientSettings } from '../src/index.js';
import { channel, Device, locks, pause, REFRESH, sharedStore, signedUp, until } from './support/device.js';
import { PASSWORD, Server } from './support/server.js';

let server: Server;
let names = 0;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.stop());

/** Tabs of one browser, the first of which has signed up. */
async function tabs(count: number, environment: ClientSettings['environment']) {
  names += 1;
  const settings = {
    store: sharedStore(),
    name: `tabs-${names}`,
    environment: { sleep: pause, ...environment },
  };
  const { device, email } = await signedUp(server, settings);
  const others = Array.from({ length: count - 1 }, () => new Device(server, settings));
  for (const other of others) await other.client.start();
  const all = [device, ...others];
  const refreshes = () => all.reduce((sum, tab) => sum + tab.count(REFRESH), 0);
  const close = () => {
    for (const tab of all) tab.client.close();
  };
  return { all, email, refreshes, close, settings };
}

describe.each([2, 5])('%i tabs whose token expires at once', (count) => {
  it('send one refresh, with locks', async () => {
    const { all, refreshes, close } = await tabs(count, { locks: locks(), channel });
    const before = refreshes();
    for (const tab of all) tab.pass(900);
    await Promise.all(all.map((tab) => tab.client.getProfile()));
    expect(refreshes() - before).toBe(1);
    for (const tab of all) expect(tab.client.state.status).toBe('signedIn');
    close();
  });

  it('stay signed in without locks and without a channel', async () => {
    const { all, close } = await tabs(count, { locks: undefined, channel: undefined });
    for (const _ of [1, 2, 3]) {
      for (const tab of all) tab.pass(900);
      await Promise.all(all.map((tab) => tab.client.getProfile()));
    }
    for (const tab of all) expect(tab.client.state.status).toBe('signedIn');
    close();
  });

  it('stay signed in where the first answers are lost', async () => {
    const { all, close } = await tabs(count, { locks: locks(), channel });
    let lost = 0;
    for (const tab of all) {
      tab.pass(900);
      tab.fault = async ({ path }, next) => {
        const answer = await next();
        if (path !== REFRESH || lost === 2) return answer;
        lost += 1;
        throw new TypeError('connection lost');
      };
    }
    await Promise.all(all.map((tab) => tab.client.getProfile()));
    for (const tab of all) expect(tab.client.state.status).toBe('signedIn');
    close();
  });
});

it('a login and a logout in one tab are those of all', async () => {
  const { all, email, close } = await tabs(3, { locks: locks(), channel });
  const everywhere = (status: string) =>
    Promise.all(all.map((tab) => until(tab.client, (state) => state.status === status)));
  await all[1]?.client.logout();
  await everywhere('signedOut');
  await all[2]?.client.login({ email, password: PASSWORD });
  await everywhere('signedIn');
  for (const tab of all) expect(tab.client.state.user?.email).toBe(email);
  close();
});

it('a tab whose session is over goes on with the one that another tab has begun', async () => {
  const { all, email, close } = await tabs(2, { locks: undefined, channel: undefined });
  const [first, second] = all as [Device, Device];
  let isNew = false;
  second.fault = async ({ path }, next) => {
    if (path === REFRESH && !isNew) {
      isNew = true;
      await first.client.logout();
      await first.client.login({ email, password: PASSWORD });
    }
    return next();
  };
  second.pass(900);
  expect((await second.client.getProfile()).email).toBe(email);
  expect(second.client.state.status).toBe('signedIn');
  close();
});

it('a login as somebody else replaces the session of all', async () => {
  const { all, close } = await tabs(2, { locks: locks(), channel });
  const { email } = await signedUp(server);
  await all[0]?.client.login({ email, password: PASSWORD });
  await Promise.all(all.map((tab) => until(tab.client, (state) => state.user?.email === email)));
  close();
});

it('what a tab says too late of a session that was replaced is not heard', async () => {
  const { all, close, settings, refreshes } = await tabs(2, { locks: locks(), channel });
  const session = async () =>
    JSON.parse((await settings.store.get(`${settings.name}.session`)) ?? '').session;
  const before = await session();
  const { email } = await signedUp(server);
  await all[0]?.client.login({ email, password: PASSWORD });
  await Promise.all(all.map((tab) => until(tab.client, (state) => state.user?.email === email)));
  const sent = refreshes();
  const late = channel(settings.name);
  const answers = new Promise<void>((resolve) => {
    let count = 0;
    late.listen(() => {
      count += 1;
      if (count === all.length) resolve();
    });
  });
  late.post({ type: 'token', session: before, token: 'late', life: 900_000 });
  // Messages of one sender are heard in their order: after this answer the other was heard too.
  late.post({ type: 'ask', session: await session() });
  await answers;
  for (const tab of all) expect(await tab.client.accessToken()).not.toBe('late');
  expect(refreshes()).toBe(sent);
  late.close();
  close();
});

it('the end of a session in one tab is shown with its reason in all', async () => {
  const { all, email, close } = await tabs(2, { locks: locks(), channel });
  const elsewhere = new Device(server);
  await elsewhere.client.login({ email, password: PASSWORD });
  await elsewhere.client.revokeAllSessions({ keepCurrent: true });
  await expect(all[0]?.client.getProfile()).rejects.toThrow();
  await until(all[1]?.client ?? elsewhere.client, (state) => state.status === 'signedOut');
  expect(all[1]?.client.state.reason).toBe('SESSION_REVOKED');
  close();
});

it('tabs of a new browser agree on one client_id', async () => {
  const settings = { store: sharedStore(), name: 'new-browser', environment: { locks: locks(), channel } };
  const all = Array.from({ length: 5 }, () => new Device(server, settings));
  const ids = await Promise.all(all.map((tab) => tab.client.clientId()));
  expect(new Set(ids).size).toBe(1);
  expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
  for (const tab of all) tab.client.close();
});

it('no access token is ever in the store', async () => {
  const { all, settings, close } = await tabs(2, { locks: locks(), channel });
  for (const tab of all) tab.pass(900);
  await Promise.all(all.map((tab) => tab.client.getProfile()));
  const kept = (await settings.store.get(`${settings.name}.session`)) ?? '';
  expect(kept).toContain('skr_');
  expect(kept).not.toContain('eyJ');
  close();
});
