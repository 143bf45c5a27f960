import { type Access, access, isUsable } from './access.js';
import type { Channel, Environment } from './environment.js';
import type { Reason } from './errors.js';

type Message =
  | { type: 'token'; session: string; token: string; life: number }
  | { type: 'ended'; session: string; reason: Reason | null }
  | { type: 'ask'; session: string };

/** What a tab does with what others say. */
export interface Listener {
  current(): Access | null;
  heardToken(access: Access): void;
  heardEnd(session: string, reason: Reason | null): void;
}

/** How long another tab has to hand over a token before this one fetches its own, in milliseconds. */
export const PATIENCE = { withLock: 300, withoutLock: 1_000 } as const;

/**
 * The other tabs of this origin. Access tokens go over the channel and are never stored;
 * clocks of tabs differ, so what goes with them is the life that is left.
 */
export class Tabs {
  private readonly channel: Channel | undefined;
  /** Sessions that are over: a late message of another tab does not bring them back. */
  private readonly ended = new Set<string>();
  private readonly waiting = new Set<(access: Access) => void>();

  constructor(
    private readonly environment: Environment,
    name: string,
    private readonly listener: Listener,
  ) {
    this.channel = environment.channel?.(name);
    this.channel?.listen((message) => this.hear(message as Message));
  }

  tell(access: Access): void {
    const life = access.expiresAt - this.environment.now();
    this.post({ type: 'token', session: access.session, token: access.token, life });
  }

  tellEnd(session: string, reason: Reason | null): void {
    this.ended.add(session);
    this.post({ type: 'ended', session, reason });
  }

  /** Another session has taken its place; nobody is told, for that one tells. */
  supersede(session: string): void {
    this.ended.add(session);
  }

  hasEnded(session: string): boolean {
    return this.ended.has(session);
  }

  /** A token of the session other than `stale`, from any tab that has one. */
  async ask(session: string, stale: string | undefined, patience: number): Promise<Access | null> {
    if (!this.channel) return null;
    const done = new AbortController();
    const answer = new Promise<Access>((resolve) => {
      const heard = (access: Access) => {
        if (access.session !== session || access.token === stale) return;
        this.waiting.delete(heard);
        resolve(access);
      };
      this.waiting.add(heard);
      this.environment.sleep(patience, done.signal).then(() => this.waiting.delete(heard));
    });
    this.post({ type: 'ask', session });
    const late = this.environment.sleep(patience, done.signal).then(() => null);
    const found = await Promise.race([answer, late]);
    done.abort();
    return found;
  }

  close(): void {
    this.channel?.close();
  }

  private post(message: Message): void {
    this.channel?.post(message);
  }

  private hear(message: Message): void {
    switch (message.type) {
      case 'token':
        this.hearToken(access(this.environment, message.session, message.token, message.life));
        break;
      case 'ended':
        this.ended.add(message.session);
        this.listener.heardEnd(message.session, message.reason);
        break;
      case 'ask':
        this.answer(message.session);
        break;
    }
  }

  private hearToken(access: Access): void {
    if (this.ended.has(access.session)) return;
    this.listener.heardToken(access);
    for (const heard of this.waiting) heard(access);
  }

  private answer(session: string): void {
    const current = this.listener.current();
    if (current?.session === session && isUsable(current, this.environment.now())) this.tell(current);
  }
}
