import { defineConfig } from '@playwright/test';

// Debian's; no browser is downloaded.
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const isRoot = process.getuid?.() === 0;

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  forbidOnly: true,
  workers: 2,
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: [['list']],
  globalSetup: './e2e/support/cookie-build.ts',
  use: {
    browserName: 'chromium',
    locale: 'en-GB',
    viewport: { width: 900, height: 900 },
    launchOptions: { executablePath, args: isRoot ? ['--no-sandbox'] : [] },
    trace: 'retain-on-failure',
  },
});
