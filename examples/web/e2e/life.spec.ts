import { address, codeOf, expect, logIn, look, PASSWORD, signUp, test } from './support/app';

const OTHER = 'a different horse, somewhere';

test('the whole life of an account', async ({ page, server, browser, baseURL }, info) => {
  await page.goto('/');
  await look(page, info, 'login');
  await page.getByRole('link', { name: 'Sign up' }).click();
  const email = address();
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill('password1');
  await page.getByRole('button', { name: 'Send code' }).click();
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByText(/^Very weak/)).toBeVisible();
  await look(page, info, 'signup-refused');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Send code' }).click();
  await expect(page.getByLabel('Six-digit code')).toBeFocused();
  await look(page, info, 'signup-code');
  await page.getByLabel('Six-digit code').fill(await codeOf(server, email));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await expect(page.getByTestId('who')).toHaveText(email);

  await page.getByLabel('Display name').fill('Ada');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByTestId('who')).toHaveText('Ada');
  await look(page, info, 'profile');
  await page.getByLabel('Current password').fill(PASSWORD);
  await page.getByLabel('New password').fill(OTHER);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByText('Changed. All other devices are signed out.')).toBeVisible();

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Forgotten password' }).click();
  await page.getByLabel('E-mail address').fill(email);
  await page.getByRole('button', { name: 'Send code' }).click();
  await expect(page.getByLabel('Six-digit code')).toBeVisible();
  await expect.poll(async () => (await server.mails(email)).filter((mail) => mail.code).length).toBe(2);
  await page.getByLabel('Six-digit code').fill(await codeOf(server, email));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByLabel('New password').fill(PASSWORD);
  await look(page, info, 'reset-password');
  await page.getByRole('button', { name: 'Save password' }).click();
  await expect(page.getByText('Your password is changed. Please sign in.')).toBeVisible();

  await logIn(page, email);
  const elsewhere = await browser.newContext({ ...(baseURL && { baseURL }), locale: 'en-GB' });
  const other = await elsewhere.newPage();
  await logIn(other, email);
  await page.getByRole('link', { name: 'Sessions' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'Last used' })).toHaveCount(2);
  await look(page, info, 'sessions');
  await page.getByRole('listitem').filter({ hasNotText: 'this device' }).getByRole('button').click();
  await expect(page.getByText('One device was signed out.')).toBeVisible();
  await other.getByRole('link', { name: 'Sessions' }).click();
  await expect(other.getByText('This session has ended. Please sign in again.')).toBeVisible();
  await logIn(other, email);
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await other.reload();
  await expect(other.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await elsewhere.close();

  await logIn(page, email);
  await page.getByRole('link', { name: 'Delete account' }).click();
  await page.getByLabel('Password', { exact: true }).fill('wrong wrong wrong');
  await page.getByRole('button', { name: 'Delete account' }).click();
  await expect(page.getByRole('alert')).toBeFocused();
  await look(page, info, 'delete-refused');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Delete account' }).click();
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('The e-mail address or the password is wrong.');
});

test('the history comes over gRPC-Web', async ({ page, server }, info) => {
  await signUp(page, server);
  const spoken = page.waitForResponse(/AuditService\/ListEvents$/);
  await page.getByRole('link', { name: 'History' }).click();
  expect((await spoken).headers()['content-type']).toContain('application/grpc-web');
  await expect(page.getByRole('row').nth(1)).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await look(page, info, 'history');
});
