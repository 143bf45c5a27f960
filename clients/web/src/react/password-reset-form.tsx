import { type ReactNode, useState } from 'react';
import type { CodeSent } from '../core/types.js';
import { CodeFooter } from './code-footer.js';
import { CodeField, EmailField, PasswordField } from './fields.js';
import { Form, type Styled } from './form.js';
import { useAuth } from './provider.js';

export interface PasswordResetFormProps extends Styled {
  /** The password is changed, and nobody is signed in. */
  readonly onDone?: () => void;
  readonly footer?: ReactNode;
}

type Step =
  | { at: 'address' }
  | { at: 'code'; email: string; notice: string }
  | { at: 'password'; resetToken: string }
  | { at: 'done' };

/** Chooses another password: the address, the code that was mailed, the password. */
export function PasswordResetForm({ onDone, footer, className }: PasswordResetFormProps) {
  const { client, messages } = useAuth();
  const [step, setStep] = useState<Step>({ at: 'address' });
  const shared = { heading: messages.resetPassword, ...(className && { className }) };

  const send = async (email: string) => {
    const told = ({ expiresIn }: CodeSent) => messages.codeSent(email, Math.round(expiresIn / 60));
    return told(await client.sendPasswordResetCode(email));
  };

  switch (step.at) {
    case 'address':
      return (
        <Form
          key={step.at}
          {...shared}
          submit={messages.sendCode}
          footer={footer}
          action={async ({ email = '' }) => setStep({ at: 'code', email, notice: await send(email) })}
        >
          <EmailField />
        </Form>
      );
    case 'code':
      return (
        <Form
          key={step.at}
          {...shared}
          submit={messages.confirm}
          notice={step.notice}
          footer={<CodeFooter resend={() => send(step.email)} back={() => setStep({ at: 'address' })} />}
          action={async ({ code = '' }) => {
            const proof = { email: step.email, code: code.trim() };
            const { resetToken } = await client.verifyPasswordResetCode(proof);
            setStep({ at: 'password', resetToken });
          }}
        >
          <CodeField />
        </Form>
      );
    case 'password':
      return (
        <Form
          key={step.at}
          {...shared}
          submit={messages.savePassword}
          action={async ({ new_password = '' }) => {
            await client.completePasswordReset({ resetToken: step.resetToken, newPassword: new_password });
            setStep({ at: 'done' });
            onDone?.();
          }}
        >
          <PasswordField
            name="new_password"
            label={messages.newPassword}
            autoComplete="new-password"
            autoFocus
          />
        </Form>
      );
    case 'done':
      return (
        <p className="sekisho-notice" role="status">
          {messages.passwordSaved}
        </p>
      );
  }
}
