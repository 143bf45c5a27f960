import { type Locale, useAuth } from '@sekisho/web/react';

const en = {
  skip: 'Skip to the content',
  navigation: 'Pages',
  login: 'Sign in',
  signup: 'Sign up',
  reset: 'Forgotten password',
  profile: 'Profile',
  sessions: 'Sessions',
  history: 'History',
  remove: 'Delete account',
  logout: 'Sign out',
  mailHint: 'On a machine of your own the mail is in the terminal of “sekisho dev”.',
  displayName: 'Display name',
  save: 'Save',
  saved: 'Saved.',
  changePassword: 'Change password',
  currentPassword: 'Current password',
  newPassword: 'New password',
  passwordChanged: 'Changed. All other devices are signed out.',
  removeNotice: 'This deletes the account and all that belongs to it, for good.',
  password: 'Password',
  historyNotice: 'What happened to your account, read over gRPC-Web.',
  when: 'When',
  what: 'What',
  where: 'From',
};

const ja: typeof en = {
  skip: '本文へ移動',
  navigation: 'ページ',
  login: 'ログイン',
  signup: '新規登録',
  reset: 'パスワードを忘れた場合',
  profile: 'プロフィール',
  sessions: '端末',
  history: '履歴',
  remove: 'アカウントの削除',
  logout: 'ログアウト',
  mailHint: 'お手元で試す場合、メールは「sekisho dev」の画面に表示されます。',
  displayName: '表示名',
  save: '保存',
  saved: '保存しました。',
  changePassword: 'パスワードの変更',
  currentPassword: '現在のパスワード',
  newPassword: '新しいパスワード',
  passwordChanged: '変更しました。他のすべての端末からログアウトしました。',
  removeNotice: 'アカウントとそのすべての情報を完全に削除します。',
  password: 'パスワード',
  historyNotice: 'アカウントに起きたこと(gRPC-Web で取得)。',
  when: '日時',
  what: '内容',
  where: '接続元',
};

const TEXTS: Record<Locale, typeof en> = { en, ja };

export function useTexts() {
  return TEXTS[useAuth().locale];
}
