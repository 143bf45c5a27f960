import type { Reason, SekishoError } from '../core/errors.js';

export type Locale = 'en' | 'ja';

/** Every text of the components; what the service says of a refusal it says itself, in the same language. */
export interface Messages {
  readonly email: string;
  readonly password: string;
  readonly newPassword: string;
  readonly code: string;
  readonly showPassword: string;
  readonly signIn: string;
  readonly signUp: string;
  readonly sendCode: string;
  readonly confirm: string;
  readonly resendCode: string;
  readonly startAgain: string;
  readonly resetPassword: string;
  readonly savePassword: string;
  readonly passwordSaved: string;
  /** Where a code was mailed to, and how many minutes it lasts. */
  readonly codeSent: (email: string, minutes: number) => string;
  readonly attemptsLeft: (count: number) => string;
  readonly retryIn: (seconds: number) => string;
  readonly loading: string;
  readonly unavailable: string;
  readonly retry: string;
  readonly sessions: string;
  readonly thisDevice: string;
  readonly unknownDevice: string;
  readonly lastUsed: (when: string, address: string) => string;
  readonly endSession: string;
  readonly endOtherSessions: string;
  readonly endAllSessions: string;
  readonly sessionsEnded: (count: number) => string;
  /** From 0 to 4. */
  readonly strength: readonly [string, string, string, string, string];
  /** Where there was no answer, and why a session ended. */
  readonly reasons: Readonly<Partial<Record<Reason, string>>>;
}

const en: Messages = {
  email: 'E-mail address',
  password: 'Password',
  newPassword: 'New password',
  code: 'Six-digit code',
  showPassword: 'Show password',
  signIn: 'Sign in',
  signUp: 'Sign up',
  sendCode: 'Send code',
  confirm: 'Confirm',
  resendCode: 'Send another code',
  startAgain: 'Start again',
  resetPassword: 'Reset password',
  savePassword: 'Save password',
  passwordSaved: 'Your password is changed. Please sign in.',
  codeSent: (email, minutes) => `If ${email} can be used, a code is on its way. It lasts ${minutes} minutes.`,
  attemptsLeft: (count) => (count === 1 ? 'One try is left.' : `${count} tries are left.`),
  retryIn: (seconds) => `Try again in ${seconds} seconds.`,
  loading: 'One moment…',
  unavailable: 'The service cannot be reached at the moment. You are still signed in.',
  retry: 'Try again',
  sessions: 'Where you are signed in',
  thisDevice: 'this device',
  unknownDevice: 'Unknown device',
  lastUsed: (when, address) => `Last used ${when}${address && ` from ${address}`}`,
  endSession: 'Sign out',
  endOtherSessions: 'Sign out all other devices',
  endAllSessions: 'Sign out everywhere',
  sessionsEnded: (count) =>
    count === 1 ? 'One device was signed out.' : `${count} devices were signed out.`,
  strength: ['Very weak', 'Weak', 'Fair', 'Good', 'Strong'],
  reasons: {
    NETWORK_ERROR: 'The service cannot be reached. Please look at your connection.',
    TIMEOUT: 'There was no answer in time. Please try again.',
    ABORTED: 'That was interrupted.',
    UNEXPECTED_ANSWER: 'Something went wrong on the way. Please try again.',
    SIGNED_OUT: 'Please sign in.',
    STORAGE_ERROR: 'This device cannot keep you signed in. Please look at its storage.',
    SESSION_REVOKED: 'This session has ended. Please sign in again.',
    REFRESH_TOKEN_INVALID: 'This session has ended. Please sign in again.',
    REFRESH_TOKEN_EXPIRED: 'You were away for too long. Please sign in again.',
    REFRESH_TOKEN_REUSED:
      'For your safety this session was ended: an old key of it was used again, perhaps by somebody else. Please sign in again.',
    CLIENT_ID_MISMATCH: 'This session belongs to another device. Please sign in again.',
    ACCOUNT_DISABLED: 'This account is disabled.',
  },
};

const ja: Messages = {
  email: 'メールアドレス',
  password: 'パスワード',
  newPassword: '新しいパスワード',
  code: '6桁の確認コード',
  showPassword: 'パスワードを表示',
  signIn: 'ログイン',
  signUp: '新規登録',
  sendCode: '確認コードを送信',
  confirm: '確認',
  resendCode: '確認コードを再送信',
  startAgain: '最初からやり直す',
  resetPassword: 'パスワードの再設定',
  savePassword: 'パスワードを保存',
  passwordSaved: 'パスワードを変更しました。ログインしてください。',
  codeSent: (email, minutes) =>
    `${email} が利用できる場合は、確認コードをお送りしました。有効期間は${minutes}分です。`,
  attemptsLeft: (count) => `あと${count}回入力できます。`,
  retryIn: (seconds) => `${seconds}秒後にもう一度お試しください。`,
  loading: 'お待ちください…',
  unavailable: '現在サービスに接続できません。ログイン状態は保たれています。',
  retry: '再試行',
  sessions: 'ログイン中の端末',
  thisDevice: 'この端末',
  unknownDevice: '不明な端末',
  lastUsed: (when, address) => `最終利用 ${when}${address && `(${address})`}`,
  endSession: 'ログアウト',
  endOtherSessions: '他のすべての端末からログアウト',
  endAllSessions: 'すべての端末からログアウト',
  sessionsEnded: (count) => `${count}台の端末からログアウトしました。`,
  strength: ['とても弱い', '弱い', '普通', '良い', '強い'],
  reasons: {
    NETWORK_ERROR: 'サービスに接続できません。通信環境をご確認ください。',
    TIMEOUT: '時間内に応答がありませんでした。もう一度お試しください。',
    ABORTED: '中断されました。',
    UNEXPECTED_ANSWER: '通信の途中で問題が発生しました。もう一度お試しください。',
    SIGNED_OUT: 'ログインしてください。',
    STORAGE_ERROR: 'この端末にログイン状態を保存できません。ストレージをご確認ください。',
    SESSION_REVOKED: 'このセッションは終了しました。もう一度ログインしてください。',
    REFRESH_TOKEN_INVALID: 'このセッションは終了しました。もう一度ログインしてください。',
    REFRESH_TOKEN_EXPIRED: '長い間ご利用がなかったため終了しました。もう一度ログインしてください。',
    REFRESH_TOKEN_REUSED:
      '古い鍵が再び使われたため、安全のためこのセッションを終了しました。第三者による利用の可能性があります。もう一度ログインしてください。',
    CLIENT_ID_MISMATCH: 'このセッションは別の端末のものです。もう一度ログインしてください。',
    ACCOUNT_DISABLED: 'このアカウントは無効になっています。',
  },
};

export const MESSAGES: Readonly<Record<Locale, Messages>> = { en, ja };

/** The first of the browser's languages that there are texts in. */
export function browserLocale(): Locale {
  const wanted = typeof navigator === 'undefined' ? [] : (navigator.languages ?? []);
  const found = wanted.map((tag) => tag.slice(0, 2)).find((tag) => tag === 'ja' || tag === 'en');
  return found === 'ja' ? 'ja' : 'en';
}

/** What a form says of a failure. */
export function describe(error: SekishoError, messages: Messages): string {
  // The service has spoken already, in the language of the form.
  const own = error.status === 0 || error.reason === 'UNEXPECTED_ANSWER';
  const parts = [own ? (messages.reasons[error.reason] ?? error.message) : error.message];
  if (error.attemptsLeft !== undefined) parts.push(messages.attemptsLeft(error.attemptsLeft));
  if (error.retryAfter !== undefined) parts.push(messages.retryIn(error.retryAfter));
  return parts.join(' ');
}
