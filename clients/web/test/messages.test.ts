import { expect, it } from 'vitest';
import { MESSAGES } from '../src/react/messages.js';

it('both languages have the same texts', () => {
  expect(Object.keys(MESSAGES.ja)).toEqual(Object.keys(MESSAGES.en));
  expect(Object.keys(MESSAGES.ja.reasons)).toEqual(Object.keys(MESSAGES.en.reasons));
});
