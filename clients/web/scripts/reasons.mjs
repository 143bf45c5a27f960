// Writes src/core/reasons.ts from the proto, the only place where reasons are named.
import { readFileSync, writeFileSync } from 'node:fs';

const PROTO = new URL('../../../proto/sekisho/v1/error_reason.proto', import.meta.url);
export const TARGET = new URL('../src/core/reasons.ts', import.meta.url);

export function reasonsModule() {
  const names = [...readFileSync(PROTO, 'utf8').matchAll(/^ {2}ERROR_REASON_(\w+) = [1-9]\d*;/gm)];
  const list = names.map(([, name]) => `  '${name}',\n`).join('');
  return `// Made from proto/sekisho/v1/error_reason.proto by \`npm run generate\`; do not edit.

/** The reasons of the service's refusals; docs/errors.md says when each is given. */
export const REASONS = [
${list}] as const;

/** Why the service refused. */
export type ErrorReason = (typeof REASONS)[number];
`;
}

if (process.argv[1] === new URL(import.meta.url).pathname) writeFileSync(TARGET, reasonsModule());
