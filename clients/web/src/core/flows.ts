import type { Rpcs } from './rpcs.js';
import type { SessionManager } from './session.js';
import type { StateHolder } from './state.js';
import type { CallOptions } from './transport.js';
import type { Answer, Credentials, EventsWanted, SignedIn, Tokens } from './types.js';

/** What a person can do, by the names of the RPCs. Every failure is a `SekishoError`. */
export abstract class Flows {
  protected abstract readonly rpcs: Rpcs;
  protected abstract readonly session: SessionManager;
  protected abstract readonly holder: StateHolder;

  /** Mails a code to an address that wants an account; the answer does not tell whether it has one. */
  sendSignupCode(credentials: Credentials, options?: CallOptions) {
    return this.rpcs.sendSignupCode(credentials, options);
  }

  resendSignupCode(email: string, options?: CallOptions) {
    return this.rpcs.resendSignupCode({ email }, options);
  }

  /** Makes the account, and signs in. */
  async verifySignupCode(proof: { email: string; code: string }, options?: CallOptions): Promise<SignedIn> {
    return this.beginWith(await this.rpcs.verifySignupCode(proof, options));
  }

  async login(credentials: Credentials & { deviceName?: string }, options?: CallOptions): Promise<SignedIn> {
    return this.beginWith(await this.rpcs.login(credentials, options));
  }

  /**
   * Ends the session. Where the service is not reached this rejects, and this device has forgotten
   * its refresh token nevertheless; not so in cookie mode, where only the service can take it away.
   */
  async logout(options?: CallOptions): Promise<void> {
    const record = await this.session.read();
    if (!record) return void (await this.session.end(null));
    if (record.token === null) await this.rpcs.logout(null, options);
    await this.session.end(null);
    if (record.token !== null) await this.rpcs.logout(record.token, options);
  }

  /** How hard a password is to guess, for a form that helps while it is typed. */
  checkPassword(password: string, email?: string, options?: CallOptions) {
    return this.rpcs.checkPassword({ password, ...(email && { email }) }, options);
  }

  sendPasswordResetCode(email: string, options?: CallOptions) {
    return this.rpcs.sendPasswordResetCode({ email }, options);
  }

  /** Exchanges the code for a token that chooses a password, once. */
  verifyPasswordResetCode(proof: { email: string; code: string }, options?: CallOptions) {
    return this.rpcs.verifyPasswordResetCode(proof, options);
  }

  /** Chooses a password. Every session of the person ends, and nobody is signed in. */
  completePasswordReset(choice: { resetToken: string; newPassword: string }, options?: CallOptions) {
    return this.rpcs.completePasswordReset(choice, options);
  }

  async listSessions(options?: CallOptions) {
    return (await this.rpcs.listSessions(options)).sessions;
  }

  /** Proves who it is once more, within the session: for what answers `STEP_UP_REQUIRED`. */
  async reauthenticate(password: string, options?: CallOptions): Promise<void> {
    await this.session.replace(await this.rpcs.reauthenticate({ password }, options));
  }

  /** Ends another session; for the current one there is `logout`. */
  revokeSession(sessionId: string, options?: CallOptions): Promise<Answer> {
    return this.rpcs.revokeSession(sessionId, options);
  }

  /** Ends every session, or every other one. */
  async revokeAllSessions(choice: { keepCurrent?: boolean } = {}, options?: CallOptions) {
    const answer = await this.rpcs.revokeAllSessions(choice, options);
    if (!choice.keepCurrent) await this.session.end(null);
    return answer;
  }

  async getProfile(options?: CallOptions) {
    const { user } = await this.rpcs.getProfile(options);
    this.holder.signedInAs(user);
    return user;
  }

  async updateProfile(change: { displayName?: string; locale?: string }, options?: CallOptions) {
    const { user } = await this.rpcs.updateProfile(change, options);
    this.holder.signedInAs(user);
    return user;
  }

  /** Every other session ends. */
  changePassword(change: { currentPassword: string; newPassword: string }, options?: CallOptions) {
    return this.rpcs.changePassword(change, options);
  }

  sendEmailChangeCode(change: { newEmail: string; password?: string }, options?: CallOptions) {
    return this.rpcs.sendEmailChangeCode(change, options);
  }

  async verifyEmailChangeCode(code: string, options?: CallOptions) {
    const { user } = await this.rpcs.verifyEmailChangeCode({ code }, options);
    this.holder.signedInAs(user);
    return user;
  }

  /** Takes the role `admin`, for a token of the operator's (`sekisho user admin-token`). */
  async claimAdmin(token: string, options?: CallOptions) {
    const { user } = await this.rpcs.claimAdmin({ token }, options);
    this.holder.signedInAs(user);
    return user;
  }

  /** Deletes the account for good; with the password, or soon after one was given. */
  async deleteAccount(proof: { password?: string } = {}, options?: CallOptions): Promise<void> {
    await this.rpcs.deleteAccount(proof, options);
    await this.session.end(null);
  }

  /** What happened to the account, latest first. */
  listEvents(wanted: EventsWanted = {}, options?: CallOptions) {
    return this.rpcs.listEvents(wanted, options);
  }

  private async beginWith(answer: SignedIn & Tokens): Promise<SignedIn> {
    await this.session.begin(answer);
    this.holder.signedInAs(answer.user);
    const { message, user, evictedSession } = answer;
    return { message, user, ...(evictedSession && { evictedSession }) };
  }
}
