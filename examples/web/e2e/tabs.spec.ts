import type { BrowserContext, Page } from '@playwright/test';
import { expired } from '../../../clients/web/test/support/server';
import { countRefreshes, expect, REFRESH, save, signUp, test } from './support/app';

/**
 * From now on every access token that is not of a later refresh is one whose time is over, and the
 * first `count` calls reach the server together.
 */
async function expireAtOnce(context: BrowserContext, count: number): Promise<void> {
  const fresh = new Set<string>();
  let arrived = 0;
  let open = () => {};
  const all = new Promise<void>((resolve) => {
    open = resolve;
  });
  await context.route(REFRESH, async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    if (answer.access_token) fresh.add(answer.access_token);
    await route.fulfill({ response });
  });
  await context.route('**/api/v1/user/profile', async (route) => {
    const headers = route.request().headers();
    const token = headers['authorization']?.replace('Bearer ', '') ?? '';
    if (fresh.has(token)) return route.continue();
    arrived += 1;
    if (arrived >= count) open();
    await all;
    return route.continue({ headers: { ...headers, authorization: `Bearer ${expired(token)}` } });
  });
}

async function tabs(page: Page, context: BrowserContext, count: number): Promise<Page[]> {
  const all = [page];
  while (all.length < count) {
    const tab = await context.newPage();
    await tab.goto('/');
    await expect(tab.getByTestId('who')).toBeVisible();
    all.push(tab);
  }
  return all;
}

for (const count of [2, 5]) {
  test(`${count} tabs with an expired token send one refresh`, async ({ page, context, server }) => {
    await signUp(page, server);
    const all = await tabs(page, context, count);
    await expireAtOnce(context, count);
    const refreshes = countRefreshes(context);
    await Promise.all(all.map(save));
    expect(refreshes()).toBe(1);
    await context.unrouteAll();
    await Promise.all(all.map((tab) => tab.reload()));
    for (const tab of all) await expect(tab.getByTestId('who')).toBeVisible();
  });

  test(`${count} tabs without locks all stay signed in`, async ({ page, context, server }) => {
    await context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
    await signUp(page, server);
    const all = await tabs(page, context, count);
    await expireAtOnce(context, count);
    const refreshes = countRefreshes(context);
    await Promise.all(all.map(save));
    expect(refreshes()).toBeLessThanOrEqual(count);
    await context.unrouteAll();
    await Promise.all(all.map((tab) => tab.reload()));
    for (const tab of all) await expect(tab.getByTestId('who')).toBeVisible();
  });
}

test('a logout and a login in one tab are those of all', async ({ page, context, server }) => {
  const email = await signUp(page, server);
  const [first, second] = (await tabs(page, context, 2)) as [Page, Page];
  await first.getByRole('button', { name: 'Sign out' }).click();
  await expect(second.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await second.getByLabel('E-mail address').fill(email);
  await second.getByLabel('Password', { exact: true }).fill('correct horse battery staple');
  await second.getByRole('button', { name: 'Sign in' }).click();
  await expect(first.getByTestId('who')).toHaveText(email);
});
