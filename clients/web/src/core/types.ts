// The messages of proto/sekisho/v1, with field names as TypeScript writes them. Times are RFC 3339.

export interface User {
  /** UUID; never given to anyone else. */
  readonly id: string;
  readonly email: string;
  readonly isVerified: boolean;
  /** At most 100 characters; empty if unset. */
  readonly displayName: string;
  /** "en" or "ja". */
  readonly locale: string;
  readonly roles: readonly string[];
  readonly createdAt: string;
}

export interface Session {
  /** UUID. */
  readonly id: string;
  readonly clientId: string;
  readonly device: string;
  /** Where it was last used from; empty if unknown. */
  readonly ipAddress: string;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  /** When it ends if it is not used before. */
  readonly expiresAt: string;
  /** Whether it is the session that asks. */
  readonly current: boolean;
}

/** For people, in the language that was asked for. */
export interface Answer {
  readonly message: string;
}

export interface CodeSent extends Answer {
  /** Seconds for which the code can be used. */
  readonly expiresIn: number;
}

export interface Tokens {
  readonly accessToken: string;
  /** Empty in cookie mode. */
  readonly refreshToken: string;
  readonly tokenType: string;
  /** Seconds for which the access token can be used. */
  readonly expiresIn: number;
}

/** What a login answers; the client keeps the tokens. */
export interface SignedIn extends Answer {
  readonly user: User;
  /** The session that had to end for this one. */
  readonly evictedSession?: { readonly id: string; readonly device: string };
}

export interface PasswordCheck {
  readonly acceptable: boolean;
  readonly violations: readonly { readonly reason: string; readonly message: string }[];
  /** 0, guessed in a thousand tries, to 4, not guessed in ten thousand million. */
  readonly score: number;
  readonly guessesLog10: number;
  readonly warning?: string;
  readonly suggestions: readonly string[];
}

export interface AuditEvent {
  readonly id: string;
  readonly at: string;
  /** A word of docs/audit.md, or one that a later release has added. */
  readonly kind: string;
  readonly userId?: string;
  readonly sessionId?: string;
  readonly clientId?: string;
  readonly ipAddress: string;
  readonly requestId: string;
}

export interface EventsWanted {
  /** 1 to 100; 50 if left out. */
  readonly pageSize?: number;
  /** The `nextPageToken` of the page before, with the same filters. */
  readonly pageToken?: string;
  readonly kind?: string;
  readonly from?: string;
  readonly to?: string;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
}
