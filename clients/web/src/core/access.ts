import type { Environment } from './environment.js';

/** An access token, in memory only. */
export interface Access {
  readonly session: string;
  readonly token: string;
  /** By the clock of this page. */
  readonly expiresAt: number;
  /** From then on a use of it has the next one fetched meanwhile. */
  readonly renewAt: number;
}

/** A token this near to its end would expire on its way. */
const MARGIN = 5_000;

/**
 * The life is counted from `expires_in`, never from `exp`: the device's clock may be wrong.
 * It is renewed after 70 to 90 % of it, so that devices that started together do not stay together.
 */
export function access(environment: Environment, session: string, token: string, life: number): Access {
  const now = environment.now();
  return {
    session,
    token,
    expiresAt: now + life,
    renewAt: now + life * (0.7 + 0.2 * environment.random()),
  };
}

export function isUsable(access: Access, now: number): boolean {
  return now < access.expiresAt - MARGIN;
}
