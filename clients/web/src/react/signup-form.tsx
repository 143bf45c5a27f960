import { type ReactNode, useState } from 'react';
import type { CodeSent, SignedIn } from '../core/types.js';
import { CodeFooter } from './code-footer.js';
import { CodeField, EmailField, PasswordField } from './fields.js';
import { Form, type Styled } from './form.js';
import { useAuth } from './provider.js';

export interface SignupFormProps extends Styled {
  readonly onSignedIn?: (answer: SignedIn) => void;
  readonly footer?: ReactNode;
}

/** Makes an account: address and password, then the code that was mailed. */
export function SignupForm({ onSignedIn, footer, className }: SignupFormProps) {
  const { client, messages } = useAuth();
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState<CodeSent | null>(null);
  const told = (answer: CodeSent) => messages.codeSent(email, Math.round(answer.expiresIn / 60));
  const styled = { ...(className && { className }) };

  if (!sent) {
    return (
      <Form
        key="address"
        {...styled}
        heading={messages.signUp}
        submit={messages.sendCode}
        footer={footer}
        action={async ({ email = '', password = '' }) => {
          const answer = await client.sendSignupCode({ email, password });
          setEmail(email);
          setSent(answer);
        }}
      >
        <EmailField defaultValue={email} />
        <PasswordField name="password" label={messages.password} autoComplete="new-password" />
      </Form>
    );
  }
  return (
    <Form
      key="code"
      {...styled}
      heading={messages.signUp}
      submit={messages.confirm}
      notice={told(sent)}
      footer={
        <CodeFooter
          resend={async () => told(await client.resendSignupCode(email))}
          back={() => setSent(null)}
        />
      }
      action={async ({ code = '' }) => {
        const answer = await client.verifySignupCode({ email, code: code.trim() });
        onSignedIn?.(answer);
      }}
    >
      <CodeField />
    </Form>
  );
}
