import { join } from 'node:path';
import { expect, kept, Server, save, signUp, test } from './support/app';
import { COOKIE_BUILD } from './support/cookie-build';

test('in cookie mode no script sees the refresh token', async ({ browser }) => {
  const server = await Server.start({ SEKISHO_REFRESH_COOKIE: 'true' });
  const context = await browser.newContext({ baseURL: server.localhost, locale: 'en-GB' });
  await context.route('**/app.js', (route) => route.fulfill({ path: join(COOKIE_BUILD, 'app.js') }));
  const page = await context.newPage();
  await signUp(page, server);
  await page.reload();
  await save(page);
  expect((await kept(page)).all).not.toContain('skr_');
  const cookie = async () => (await context.cookies()).find(({ name }) => name === '__Host-sekisho_refresh');
  expect(await cookie()).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Strict' });

  const second = await context.newPage();
  await second.goto('/');
  await expect(second.getByTestId('who')).toBeVisible();
  await Promise.all([page.reload(), second.reload()]);
  await Promise.all([save(page), save(second)]);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(second.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  expect(await cookie()).toBeUndefined();
  await context.close();
  await server.stop();
});
