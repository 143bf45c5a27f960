import { LoginForm, PasswordResetForm, SignupForm } from '@sekisho/web/react';
import { useLocation } from 'wouter';
import { useTexts } from '../texts';

export function Login() {
  return <LoginForm />;
}

export function Signup() {
  const [, go] = useLocation();
  return <SignupForm onSignedIn={() => go('/')} footer={<MailHint />} />;
}

export function Reset() {
  return <PasswordResetForm footer={<MailHint />} />;
}

function MailHint() {
  return <p className="sekisho-notice">{useTexts().mailHint}</p>;
}
