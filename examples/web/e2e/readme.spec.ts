import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createServer } from 'vite';
import { address, codeOf, expect, PASSWORD, test } from './support/app';

const EXAMPLE = resolve(import.meta.dirname, '..');
const README = readFileSync(resolve(EXAMPLE, '../../clients/web/README.md'), 'utf8');

/** What the page of Vite's template has; the files of the README take the place of its others. */
const PAGE = '<div id="root"></div><script type="module" src="/src/main.tsx"></script>';

function write(folder: string, service: string): void {
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'index.html'), PAGE);
  const files = [...README.matchAll(/<!-- file: (\S+) -->\n```tsx?\n([\s\S]*?)```/g)];
  expect(files.map(([, name]) => name)).toEqual(['vite.config.ts', 'src/main.tsx']);
  for (const [, name = '', text = ''] of files) {
    writeFileSync(join(folder, name), text.replace('http://127.0.0.1:8080', service));
  }
}

test('the README of the client leads to a login page', async ({ page, server }) => {
  const folder = mkdtempSync(join(EXAMPLE, 'dist-readme-'));
  // As after `npm install`, but for the download.
  symlinkSync(join(EXAMPLE, 'node_modules'), join(folder, 'node_modules'));
  write(folder, server.url);
  const vite = await createServer({
    root: folder,
    configFile: join(folder, 'vite.config.ts'),
    logLevel: 'error',
    // The package is linked here, where in the README it is installed.
    resolve: { dedupe: ['react', 'react-dom'] },
    server: { port: 0, host: '127.0.0.1', fs: { allow: [resolve(EXAMPLE, '../..')] } },
  });
  try {
    await vite.listen();
    const email = address();
    await page.goto(vite.resolvedUrls?.local[0] ?? '');
    await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
    await page.getByRole('button', { name: 'I am new here' }).click();
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByLabel('Six-digit code').fill(await codeOf(server, email));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await expect(page.getByText(`Hello ${email}.`)).toBeVisible();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await expect(page.getByText(`Hello ${email}.`)).toBeHidden();
  } finally {
    await vite.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
