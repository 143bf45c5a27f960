import type { Locator, Page } from '@playwright/test';
import { address, codeOf, expect, look, PASSWORD, signUp, test } from './support/app';

test.describe('a Japanese browser', () => {
  test.use({ locale: 'ja-JP' });

  test('is spoken to in Japanese, by the app and by the service', async ({ page, server }, info) => {
    const email = address();
    await page.goto('/#/signup');
    await expect(page.locator('html')).toHaveAttribute('lang', 'ja');
    await page.getByLabel('メールアドレス').fill('nowhere');
    await page.getByLabel('パスワード', { exact: true }).fill('password1');
    await page.getByRole('button', { name: '確認コードを送信' }).click();
    const faults = page.locator('.sekisho-field-error');
    await expect(faults).toHaveCount(2);
    for (const text of await faults.allTextContents()) expect(text).toMatch(/\p{Script=Hiragana}/u);
    await look(page, info, 'ja-signup-refused');
    await page.getByLabel('メールアドレス').fill(email);
    await page.getByLabel('パスワード', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: '確認コードを送信' }).click();
    await page.getByLabel('6桁の確認コード').fill(await codeOf(server, email));
    await page.getByRole('button', { name: '確認', exact: true }).click();
    await expect(page.getByTestId('who')).toHaveText(email);
    const [mail] = await server.mails(email);
    expect(mail?.subject).toMatch(/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u);
    for (const name of ['端末', '履歴', 'アカウントの削除', 'プロフィール']) {
      await page.getByRole('link', { name }).click();
      await expect(page.getByRole('heading', { level: 2 }).first()).toBeVisible();
      await look(page, info, `ja-${name}`);
    }
  });
});

async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let presses = 0; presses < 25; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  await expect(target).toBeFocused();
}

test('the keyboard is enough', async ({ page, server }) => {
  const { keyboard } = page;
  const email = address();
  await page.goto('/');
  await tabTo(page, page.getByRole('link', { name: 'Sign up' }));
  await keyboard.press('Enter');
  await tabTo(page, page.getByLabel('E-mail address'));
  await keyboard.type(email);
  await keyboard.press('Tab');
  await keyboard.type(PASSWORD);
  await keyboard.press('Enter');
  await expect(page.getByLabel('Six-digit code')).toBeFocused();
  await keyboard.type('12');
  await keyboard.press('Enter');
  await expect(page.getByLabel('Six-digit code')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Six-digit code')).toBeFocused();
  await keyboard.press('Control+A');
  await keyboard.type(await codeOf(server, email));
  await keyboard.press('Enter');
  await expect(page.getByTestId('who')).toHaveText(email);
  await tabTo(page, page.getByRole('link', { name: 'Sessions' }));
  await keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: 'Sign out everywhere' }));
  await keyboard.press('Space');
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
});

test('the content is one key away', async ({ page, server }) => {
  await signUp(page, server);
  await page.goto('/#/sessions');
  await page.reload();
  await expect(page.getByTestId('who')).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
});

test('the dark looks, and those of a phone, are as accessible', async ({ page, server }, info) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 360, height: 700 });
  await page.goto('/');
  await look(page, info, 'dark-login');
  await signUp(page, server);
  await page.getByRole('link', { name: 'Sessions' }).click();
  await expect(page.getByText('this device')).toBeVisible();
  await look(page, info, 'dark-sessions');
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  expect(overflow).toBe(false);
});
