import { afterAll, beforeAll, expect, it } from 'vitest';
import { memoryStore } from '../src/index.js';
import { Device, type Fault, PROFILE, REFRESH, signedUp } from './support/device.js';
import { PASSWORD, Server } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await Server.start({ SEKISHO_REFRESH_COOKIE: 'true' });
});
afterAll(() => server.stop());

/** What a browser does with the one cookie there is; fetch in Node keeps none. */
function jar(): { cookie: () => string | null; fault: Fault } {
  let cookie: string | null = null;
  const fault: Fault = async ({ headers }, next) => {
    if (cookie !== null) headers.set('cookie', cookie);
    const answer = await next(headers);
    const set = answer.headers.get('set-cookie');
    if (set) cookie = /Max-Age=0/.test(set) ? null : (set.split(';')[0] ?? null);
    return answer;
  };
  return { cookie: () => cookie, fault };
}

async function inBrowser() {
  const store = memoryStore();
  const { cookie, fault } = jar();
  const device = new Device(server, { cookie: true, store });
  device.fault = fault;
  const { email } = await signedUp(server);
  await device.client.login({ email, password: PASSWORD });
  return { device, store, cookie, fault };
}

it('the refresh token is in the cookie, and in no store', async () => {
  const { device, store, cookie } = await inBrowser();
  expect(cookie()).toMatch(/^__Host-sekisho_refresh=skr_/);
  expect(await store.get('sekisho.session')).not.toContain('skr_');
  const before = cookie();
  device.pass(900);
  await device.client.getProfile();
  expect(device.calls.slice(-2)).toEqual([REFRESH, PROFILE]);
  expect(cookie()).not.toBe(before);
});

it('the next start goes on with the cookie', async () => {
  const { store, fault } = await inBrowser();
  const again = new Device(server, { cookie: true, store });
  again.fault = fault;
  await again.client.start();
  expect(again.client.state.status).toBe('signedIn');
});

it('a logout takes the cookie away, and is none while the service is not reached', async () => {
  const { device, cookie, fault } = await inBrowser();
  device.fault = () => Promise.reject(new TypeError('offline'));
  await expect(device.client.logout()).rejects.toMatchObject({ reason: 'NETWORK_ERROR' });
  expect(device.client.state.status).toBe('signedIn');
  device.fault = fault;
  await device.client.logout();
  expect(device.client.state.status).toBe('signedOut');
  expect(cookie()).toBeNull();
});

it('a cookie that the browser has dropped is the end of the session', async () => {
  const { device } = await inBrowser();
  device.fault = undefined;
  device.pass(900);
  await expect(device.client.getProfile()).rejects.toThrow();
  expect(device.client.state).toMatchObject({ status: 'signedOut', reason: 'REFRESH_TOKEN_INVALID' });
});

it('a server without cookie mode is found out at the first login', async () => {
  const plain = await Server.start();
  await expect(signedUp(plain, { cookie: true })).rejects.toThrow(/SEKISHO_REFRESH_COOKIE/);
  await plain.stop();
});
