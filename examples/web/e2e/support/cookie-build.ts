import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

export const COOKIE_BUILD = resolve(import.meta.dirname, '../../dist');

/** The app once more, in cookie mode. */
export default function build(): void {
  execFileSync('npx', ['vite', 'build', '--outDir', COOKIE_BUILD, '--logLevel', 'warn'], {
    cwd: resolve(import.meta.dirname, '../..'),
    env: { ...process.env, VITE_SEKISHO_COOKIE: 'true' },
    stdio: 'inherit',
  });
}
