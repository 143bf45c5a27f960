import type { Call, CallOptions } from './transport.js';
import type {
  Answer,
  AuditEvent,
  CodeSent,
  EventsWanted,
  PasswordCheck,
  Session,
  SignedIn,
  Tokens,
  User,
} from './types.js';

/** How calls are made: without a session, with the device's `client_id`, or as who is signed in. */
export interface Caller {
  open<T>(call: Call): Promise<T>;
  onDevice<T>(call: Call & { readonly body: object }): Promise<T>;
  signedIn<T>(call: Call): Promise<T>;
}

const AUTH = '/api/v1/auth';
const USER = '/api/v1/user';

/** The RPCs that people use, by their routes in proto/sekisho/v1; each answers what it answers there. */
export class Rpcs {
  constructor(private readonly caller: Caller) {}

  sendSignupCode(body: { email: string; password: string }, options?: CallOptions) {
    return this.post<CodeSent & { email: string }>('/signup/send-code', body, options);
  }

  resendSignupCode(body: { email: string }, options?: CallOptions) {
    return this.post<CodeSent & { email: string }>('/signup/resend-code', body, options);
  }

  verifySignupCode(body: { email: string; code: string }, options?: CallOptions) {
    return this.post<SignedIn & Tokens>('/signup/verify-code', body, options);
  }

  login(body: { email: string; password: string; deviceName?: string }, options?: CallOptions) {
    return this.post<SignedIn & Tokens>('/login', body, options);
  }

  refreshToken(token: string | null) {
    return this.post<Tokens>('/refresh', token === null ? {} : { refreshToken: token });
  }

  logout(token: string | null, options?: CallOptions) {
    return this.post<Answer>('/logout', token === null ? {} : { refreshToken: token }, options);
  }

  sendPasswordResetCode(body: { email: string }, options?: CallOptions) {
    return this.post<CodeSent>('/password-reset/send-code', body, options);
  }

  verifyPasswordResetCode(body: { email: string; code: string }, options?: CallOptions) {
    return this.post<{ resetToken: string; expiresIn: number }>('/password-reset/verify-code', body, options);
  }

  completePasswordReset(body: { resetToken: string; newPassword: string }, options?: CallOptions) {
    return this.post<Answer>('/password-reset/complete', body, options);
  }

  checkPassword(body: { password: string; email?: string }, options?: CallOptions) {
    const path = `${AUTH}/password/check`;
    return this.caller.open<PasswordCheck>({ ...options, method: 'POST', path, body });
  }

  listSessions(options?: CallOptions) {
    const path = `${AUTH}/sessions`;
    return this.caller.signedIn<{ sessions: readonly Session[] }>({ ...options, method: 'GET', path });
  }

  reauthenticate(body: { password: string }, options?: CallOptions) {
    const path = `${AUTH}/reauthenticate`;
    return this.caller.signedIn<Tokens>({ ...options, method: 'POST', path, body });
  }

  revokeSession(sessionId: string, options?: CallOptions) {
    const path = `${AUTH}/sessions/${encodeURIComponent(sessionId)}`;
    return this.caller.signedIn<Answer>({ ...options, method: 'DELETE', path });
  }

  revokeAllSessions(body: { keepCurrent?: boolean }, options?: CallOptions) {
    const path = `${AUTH}/logout-all`;
    return this.caller.signedIn<Answer & { revokedCount: number }>({
      ...options,
      method: 'POST',
      path,
      body,
    });
  }

  getProfile(options?: CallOptions) {
    return this.caller.signedIn<{ user: User }>({ ...options, method: 'GET', path: `${USER}/profile` });
  }

  updateProfile(body: { displayName?: string; locale?: string }, options?: CallOptions) {
    return this.caller.signedIn<{ user: User }>({ ...options, method: 'PUT', path: `${USER}/profile`, body });
  }

  changePassword(body: { currentPassword: string; newPassword: string }, options?: CallOptions) {
    return this.caller.signedIn<Answer>({ ...options, method: 'POST', path: `${USER}/password`, body });
  }

  sendEmailChangeCode(body: { newEmail: string; password?: string }, options?: CallOptions) {
    const path = `${USER}/email/send-code`;
    return this.caller.signedIn<CodeSent>({ ...options, method: 'POST', path, body });
  }

  verifyEmailChangeCode(body: { code: string }, options?: CallOptions) {
    const path = `${USER}/email/verify-code`;
    return this.caller.signedIn<Answer & { user: User }>({ ...options, method: 'POST', path, body });
  }

  claimAdmin(body: { token: string }, options?: CallOptions) {
    const path = `${USER}/claim-admin`;
    return this.caller.signedIn<Answer & { user: User }>({ ...options, method: 'POST', path, body });
  }

  deleteAccount(body: { password?: string }, options?: CallOptions) {
    return this.caller.signedIn<Answer>({ ...options, method: 'DELETE', path: `${USER}/account`, body });
  }

  listEvents(wanted: EventsWanted, options?: CallOptions) {
    const path = `/api/v1/audit/events${query({
      page_size: wanted.pageSize,
      page_token: wanted.pageToken,
      kind: wanted.kind,
      from: wanted.from,
      to: wanted.to,
    })}`;
    type Page = { events: readonly AuditEvent[]; nextPageToken: string };
    return this.caller.signedIn<Page>({ ...options, method: 'GET', path });
  }

  private post<T>(route: string, body: object, options?: CallOptions) {
    return this.caller.onDevice<T>({ ...options, method: 'POST', path: AUTH + route, body });
  }
}

function query(values: Record<string, string | number | undefined>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')}`;
}
