import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SekishoError } from '../src/index.js';
import { Device, signedUp } from './support/device.js';
import { address, PASSWORD, Server } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.stop());

const failure = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it should have failed'),
    (error) => {
      expect(error).toBeInstanceOf(SekishoError);
      return error as SekishoError;
    },
  );

describe('the life of an account', () => {
  it('signs up with a code, and keeps the session', async () => {
    const { client } = new Device(server);
    const email = address();
    const sent = await client.sendSignupCode({ email, password: PASSWORD });
    expect(sent.expiresIn).toBe(900);
    await client.resendSignupCode(email);
    const answer = await client.verifySignupCode({ email, code: await server.code(email) });
    expect(answer.user).toMatchObject({ email, isVerified: true, displayName: '' });
    expect(answer).not.toHaveProperty('accessToken');
    expect(client.state).toMatchObject({ status: 'signedIn', user: { email } });
  });

  it('logs in, changes the profile, and logs out', async () => {
    const { email } = await signedUp(server);
    const { client } = new Device(server);
    await client.login({ email, password: PASSWORD, deviceName: 'Kitchen' });
    await client.updateProfile({ displayName: 'Ada', locale: 'ja' });
    expect(client.state.user).toMatchObject({ displayName: 'Ada', locale: 'ja' });
    expect((await client.getProfile()).displayName).toBe('Ada');
    await client.logout();
    expect(client.state).toEqual({ status: 'signedOut', user: null, reason: null });
    expect((await failure(client.getProfile())).reason).toBe('SIGNED_OUT');
  });

  it('lists sessions, and ends one and all', async () => {
    const { device: first, email } = await signedUp(server);
    const second = new Device(server);
    await second.client.login({ email, password: PASSWORD, deviceName: 'Kitchen' });
    const sessions = await first.client.listSessions();
    expect(sessions.map(({ device, current }) => [device, current])).toContainEqual(['Kitchen', false]);
    const other = sessions.find((session) => !session.current);
    await first.client.revokeSession(other?.id ?? '');
    expect((await failure(second.client.getProfile())).reason).toBe('REFRESH_TOKEN_INVALID');
    expect(second.client.state).toMatchObject({ status: 'signedOut', reason: 'SESSION_REVOKED' });

    await second.client.login({ email, password: PASSWORD });
    expect((await first.client.revokeAllSessions({ keepCurrent: true })).revokedCount).toBe(1);
    expect(first.client.state.status).toBe('signedIn');
    expect((await first.client.revokeAllSessions()).revokedCount).toBe(1);
    expect(first.client.state.status).toBe('signedOut');
  });

  it('changes the password and the address', async () => {
    const { device, email } = await signedUp(server);
    const { client } = device;
    const newPassword = 'a different horse, somewhere';
    await client.changePassword({ currentPassword: PASSWORD, newPassword });
    await client.reauthenticate(newPassword);
    const newEmail = address();
    await client.sendEmailChangeCode({ newEmail });
    await client.verifyEmailChangeCode(await server.code(newEmail));
    expect(client.state.user?.email).toBe(newEmail);
    device.pass(900);
    expect((await client.getProfile()).email).toBe(newEmail);
    expect((await failure(client.claimAdmin('ska_none'))).reason).toBe('SESSION_NOT_FOUND');
    const { events } = await client.listEvents({ pageSize: 100 });
    expect(events.length).toBeGreaterThan(3);
    const { events: none } = await client.listEvents({ to: '2020-01-01T00:00:00Z' });
    expect(none).toEqual([]);
    expect((await failure(new Device(server).client.login({ email, password: newPassword }))).reason).toBe(
      'INVALID_CREDENTIALS',
    );
  });

  it('resets a forgotten password, which ends every session', async () => {
    const { device, email } = await signedUp(server);
    const { client } = new Device(server);
    await client.sendPasswordResetCode(email);
    const { resetToken } = await client.verifyPasswordResetCode({ email, code: await server.code(email) });
    const newPassword = 'a different horse, somewhere';
    await client.completePasswordReset({ resetToken, newPassword });
    await client.login({ email, password: newPassword });
    await failure(device.client.getProfile());
    expect(device.client.state.status).toBe('signedOut');
  });

  it('deletes the account', async () => {
    const { device, email } = await signedUp(server);
    await device.client.deleteAccount({ password: PASSWORD });
    expect(device.client.state.status).toBe('signedOut');
    const error = await failure(new Device(server).client.login({ email, password: PASSWORD }));
    expect(error.reason).toBe('INVALID_CREDENTIALS');
  });
});

describe('refusals', () => {
  it('name every field that breaks a rule, in the language that was asked for', async () => {
    const { client } = new Device(server, { language: 'ja' });
    const error = await failure(client.sendSignupCode({ email: 'nowhere', password: 'zq9 vx' }));
    expect(error).toMatchObject({ reason: 'VALIDATION_ERROR', status: 400 });
    expect(error.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(error.fields.map(({ field, reason }) => `${field} ${reason}`)).toEqual([
      'email MALFORMED',
      'password TOO_SHORT',
    ]);
    expect(error.fields[0]?.message).toMatch(/\p{Script=Hiragana}/u);
  });

  it('say how many guesses remain', async () => {
    const { client } = new Device(server);
    const email = address();
    await client.sendSignupCode({ email, password: PASSWORD });
    const wrong = (await server.code(email)) === '000000' ? '000001' : '000000';
    const error = await failure(client.verifySignupCode({ email, code: wrong }));
    expect(error).toMatchObject({ reason: 'INVALID_CODE', attemptsLeft: 4 });
  });

  it('of too many guesses say when to come back', async () => {
    const { email } = await signedUp(server);
    const { client } = new Device(server);
    const guess = () => failure(client.login({ email, password: 'wrong wrong wrong' }));
    for (let count = 0; count < 5; count += 1) expect((await guess()).reason).toBe('INVALID_CREDENTIALS');
    const error = await guess();
    expect(error).toMatchObject({ reason: 'RATE_LIMIT_EXCEEDED', status: 429, isTransient: true });
    expect(error.retryAfter).toBeGreaterThan(0);
  });

  it('help with a password while it is typed', async () => {
    const check = await new Device(server).client.checkPassword('password1', 'ada@example.com');
    expect(check.acceptable).toBe(false);
    expect(check.violations.map(({ reason }) => reason)).toContain('COMMON_PASSWORD');
    expect(check.suggestions.length).toBeGreaterThan(0);
  });

  it('are told apart from a service that is not there', async () => {
    const absent = await Server.start();
    const { client } = new Device(absent);
    await absent.stop();
    expect(await failure(client.login({ email: address(), password: PASSWORD }))).toMatchObject({
      reason: 'NETWORK_ERROR',
      status: 0,
    });
  });
});
