export { LoginForm, type LoginFormProps } from './login-form.js';
export { describe, type Locale, MESSAGES, type Messages } from './messages.js';
export { PasswordResetForm, type PasswordResetFormProps } from './password-reset-form.js';
export { ProtectedRoute, type ProtectedRouteProps } from './protected-route.js';
export { type Auth, AuthProvider, type AuthProviderProps, useAuth } from './provider.js';
export { SessionList } from './session-list.js';
export { SignupForm, type SignupFormProps } from './signup-form.js';
