import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { type BrowserContext, test as base, expect, type Page, type TestInfo } from '@playwright/test';
import { address, PASSWORD, Server } from '../../../../clients/web/test/support/server';

export { address, expect, PASSWORD, Server };

/** Each worker has a server; what the policy of the page forbids fails the test. */
export const test = base.extend<{ page: Page }, { server: Server }>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what is asked for from the pattern.
    async ({}, use) => {
      const server = await Server.start();
      await use(server);
      await server.stop();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ server }, use) => use(server.localhost),
  context: async ({ context }, use) => {
    const faults: string[] = [];
    context.on('weberror', (fault) => faults.push(String(fault.error())));
    context.on('console', (line) => {
      if (line.text().includes('Content Security Policy')) faults.push(line.text());
    });
    await use(context);
    expect(faults).toEqual([]);
  },
});

/** Signs up in the browser, and ends on the profile. */
export async function signUp(page: Page, server: Server): Promise<string> {
  const email = address();
  await page.goto('/#/signup');
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Send code' }).click();
  await page.getByLabel('Six-digit code').fill(await codeOf(server, email));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await expect(page.getByTestId('who')).toHaveText(email);
  return email;
}

/** The code that was mailed; the mail may be on its way. */
export async function codeOf(server: Server, email: string): Promise<string> {
  await expect.poll(async () => (await server.mails(email)).some((mail) => mail.code)).toBe(true);
  return server.code(email);
}

export async function logIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.goto('/');
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByTestId('who')).toBeVisible();
}

/** Calls the service for the person, and sees that it answered. */
export async function save(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
}

/** What this browser keeps. */
export function kept(page: Page): Promise<{ token: string | null; clientId: string; all: string }> {
  return page.evaluate(() => ({
    token: JSON.parse(localStorage.getItem('sekisho.session') ?? '{"token":null}').token,
    clientId: localStorage.getItem('sekisho.client_id') ?? '',
    all: JSON.stringify({ ...localStorage, ...sessionStorage }),
  }));
}

/** A picture in `test-results/pages`. */
export async function picture(page: Page, info: TestInfo, name: string): Promise<void> {
  await page.screenshot({ path: join(info.project.outputDir, 'pages', `${name}.png`), fullPage: true });
}

/** A picture, and no fault of accessibility. */
export async function look(page: Page, info: TestInfo, name: string): Promise<void> {
  await picture(page, info, name);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations, name).toEqual([]);
}

export const REFRESH = '**/api/v1/auth/refresh';

/** How many refreshes this browser sends from now on. */
export function countRefreshes(context: BrowserContext): () => number {
  let count = 0;
  context.on('request', (request) => {
    if (new URL(request.url()).pathname === '/api/v1/auth/refresh') count += 1;
  });
  return () => count;
}
