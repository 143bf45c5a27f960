'use client';

export { CodeField, EmailField, PasswordField, type PasswordFieldProps } from './fields.js';
export { Field, type FieldProps, Form, type FormProps } from './form.js';
export { LoginForm, type LoginFormProps } from './login-form.js';
export { browserLocale, describe, type Locale, MESSAGES, type Messages } from './messages.js';
export { PasswordResetForm, type PasswordResetFormProps } from './password-reset-form.js';
export { ProtectedRoute, type ProtectedRouteProps } from './protected-route.js';
export { type Auth, AuthProvider, type AuthProviderProps, useAuth } from './provider.js';
export { SessionList } from './session-list.js';
export { SignupForm, type SignupFormProps } from './signup-form.js';
