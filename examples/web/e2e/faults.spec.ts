import { expect, kept, picture, REFRESH, Server, save, signUp, test } from './support/app';

test('a refresh whose reply is lost is repeated', async ({ page, context, server }) => {
  await signUp(page, server);
  const sent: (string | null)[] = [];
  await context.route(REFRESH, async (route) => {
    sent.push(route.request().postData());
    // The server has committed; the connection is cut.
    await route.fetch();
    if (sent.length === 1) return route.abort('connectionreset');
    return route.continue();
  });
  await page.reload();
  await expect(page.getByTestId('who')).toBeVisible();
  expect(sent).toHaveLength(2);
  expect(sent[0]).toBe(sent[1]);
  await save(page);
});

test('a tab that is closed before the reply comes is no loss', async ({ page, context, server }) => {
  await signUp(page, server);
  let committed = () => {};
  const isCommitted = new Promise<void>((resolve) => {
    committed = resolve;
  });
  await context.route(REFRESH, async (route) => {
    await route.fetch();
    committed();
  });
  const closing = await context.newPage();
  await closing.goto('/');
  await isCommitted;
  await closing.close();
  await context.unrouteAll();
  const next = await context.newPage();
  await next.goto('/');
  await expect(next.getByTestId('who')).toBeVisible();
});

async function replay(server: Server, token: string | null, clientId: string) {
  const response = await fetch(`${server.url}/api/v1/auth/refresh`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refresh_token: token, client_id: clientId }),
  });
  return (await response.json()) as { error?: string; refresh_token?: string };
}

test('a stolen token that is replayed signs both ends out', async ({ page, server }) => {
  await signUp(page, server);
  const stolen = await kept(page);
  for (const _ of [1, 2]) {
    await page.reload();
    await expect(page.getByTestId('who')).toBeVisible();
  }
  expect(await replay(server, stolen.token, stolen.clientId)).toMatchObject({
    error: 'refresh_token_reused',
  });
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('This session has ended. Please sign in again.')).toBeVisible();
  expect((await kept(page)).token).toBeNull();
});

test('the owner of a token that a thief has spent is told what happened', async ({ page, server }, info) => {
  await signUp(page, server);
  const stolen = await kept(page);
  const first = await replay(server, stolen.token, stolen.clientId);
  const second = await replay(server, first.refresh_token ?? null, stolen.clientId);
  await page.reload();
  await expect(page.getByText('an old key of it was used again')).toBeVisible();
  await picture(page, info, 'reused');
  expect((await replay(server, second.refresh_token ?? null, stolen.clientId)).error).toBeDefined();
});

test('a restart of the server and a lost network sign nobody out', async ({ browser }) => {
  const server = await Server.start();
  const context = await browser.newContext({ baseURL: server.localhost, locale: 'en-GB' });
  const page = await context.newPage();
  await signUp(page, server);
  await server.restart();
  await save(page);
  await page.reload();
  await expect(page.getByTestId('who')).toBeVisible();

  await context.setOffline(true);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toHaveText(
    'The service cannot be reached. Please look at your connection.',
  );
  await expect(page.getByTestId('who')).toBeVisible();
  await context.setOffline(false);
  await save(page);
  await context.close();
  await server.stop();
});

test('a service that is away at the start is waited for', async ({ page, context, server }, info) => {
  await signUp(page, server);
  const body = JSON.stringify({ error: 'store_unavailable', message: 'busy', details: {} });
  await context.route(REFRESH, (route) =>
    route.fulfill({ status: 503, body, headers: { 'retry-after': '1' } }),
  );
  await page.reload();
  await expect(page.getByText('You are still signed in.')).toBeVisible();
  await picture(page, info, 'unavailable');
  await context.unrouteAll();
  await expect(page.getByTestId('who')).toBeVisible();
});

test('no access token is kept', async ({ page, server }) => {
  await signUp(page, server);
  await page.reload();
  await expect(page.getByTestId('who')).toBeVisible();
  const { all } = await kept(page);
  expect(all).toContain('skr_');
  expect(all).not.toContain('eyJ');
});
