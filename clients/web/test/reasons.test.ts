import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { reasonsModule, TARGET } from '../scripts/reasons.mjs';
import { REASONS } from '../src/index.js';

it('the reasons are those of the proto, and of docs/errors.md', () => {
  expect(readFileSync(TARGET, 'utf8')).toBe(reasonsModule());
  const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `([A-Z_]+)` \| \w+ \| \d+ \|/gm)].map(([, name]) => name);
  expect(documented).toEqual([...REASONS]);
});
