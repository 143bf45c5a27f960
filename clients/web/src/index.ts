export { type ClientSettings, SekishoClient } from './core/client.js';
export type { Channel, Environment, Locks } from './core/environment.js';
export { type FieldViolation, type LocalReason, type Reason, SekishoError } from './core/errors.js';
export { type ErrorReason, REASONS } from './core/reasons.js';
export type { AuthState } from './core/state.js';
export {
  type AsyncStorageLike,
  asyncStorageStore,
  memoryStore,
  type SecureStoreLike,
  type Store,
  secureStore,
  webStore,
} from './core/store.js';
export type { CallOptions } from './core/transport.js';
export type * from './core/types.js';
