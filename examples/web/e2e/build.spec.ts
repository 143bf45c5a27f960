import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from './support/app';

test('the server has the app as it is built now', async ({ request }) => {
  for (const name of ['app.js', 'index.css', 'icon.svg']) {
    const served = await (await request.get(`/${name}`)).body();
    const built = readFileSync(resolve(import.meta.dirname, '../built', name));
    expect(served.equals(built), `${name}: build the server again`).toBe(true);
  }
});
