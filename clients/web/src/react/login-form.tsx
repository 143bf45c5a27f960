import type { ReactNode } from 'react';
import type { SignedIn } from '../core/types.js';
import { EmailField, PasswordField } from './fields.js';
import { Form, type Styled } from './form.js';
import { useAuth } from './provider.js';

export interface LoginFormProps extends Styled {
  readonly onSignedIn?: (answer: SignedIn) => void;
  /** How the session is called in lists; left out, by its browser. */
  readonly deviceName?: string;
  /** Said above the fields. Left out: why the last session ended, if it was not a logout. */
  readonly notice?: string;
  /** Below the button: links to sign-up and reset. */
  readonly footer?: ReactNode;
}

/** Signs in with address and password. */
export function LoginForm({ onSignedIn, deviceName, notice, footer, className }: LoginFormProps) {
  const { client, messages, status, reason } = useAuth();
  const ended = status === 'signedOut' && reason ? messages.reasons[reason] : undefined;
  return (
    <Form
      {...(className && { className })}
      heading={messages.signIn}
      submit={messages.signIn}
      notice={notice ?? ended}
      footer={footer}
      action={async ({ email = '', password = '' }) => {
        const answer = await client.login({ email, password, ...(deviceName && { deviceName }) });
        onSignedIn?.(answer);
      }}
    >
      <EmailField />
      <PasswordField name="password" label={messages.password} autoComplete="current-password" />
    </Form>
  );
}
