// Made from proto/sekisho/v1/error_reason.proto by `npm run generate`; do not edit.

/** The reasons of the service's refusals; docs/errors.md says when each is given. */
export const REASONS = [
  'VALIDATION_ERROR',
  'EMAIL_ALREADY_EXISTS',
  'SESSION_NOT_FOUND',
  'INVALID_CODE',
  'INVALID_CREDENTIALS',
  'CLIENT_ID_MISMATCH',
  'REFRESH_TOKEN_INVALID',
  'REFRESH_TOKEN_EXPIRED',
  'REFRESH_TOKEN_REUSED',
  'UNAUTHORIZED',
  'ACCESS_TOKEN_INVALID',
  'ACCESS_TOKEN_EXPIRED',
  'SESSION_REVOKED',
  'STEP_UP_REQUIRED',
  'PERMISSION_DENIED',
  'ACCOUNT_DISABLED',
  'NOT_FOUND',
  'SESSION_LIMIT_REACHED',
  'RATE_LIMIT_EXCEEDED',
  'OVERLOADED',
  'STORE_UNAVAILABLE',
  'INTERNAL',
  'METHOD_NOT_ALLOWED',
  'UNSUPPORTED_MEDIA_TYPE',
  'REQUEST_TOO_LARGE',
  'DEADLINE_EXCEEDED',
] as const;

/** Why the service refused. */
export type ErrorReason = (typeof REASONS)[number];
