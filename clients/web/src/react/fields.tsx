import { useEffect, useId, useState } from 'react';
import type { PasswordCheck } from '../core/types.js';
import { Field } from './form.js';
import { useAuth } from './provider.js';

interface EmailFieldProps {
  readonly defaultValue?: string | undefined;
  readonly autoFocus?: boolean;
}

export function EmailField(props: EmailFieldProps) {
  const { messages } = useAuth();
  return (
    <Field
      {...props}
      name="email"
      label={messages.email}
      type="email"
      inputMode="email"
      autoComplete="username"
    />
  );
}

/** Six digits; phones and browsers offer the one that was mailed. */
export function CodeField() {
  const { messages } = useAuth();
  return (
    <Field
      name="code"
      label={messages.code}
      inputMode="numeric"
      autoComplete="one-time-code"
      maxLength={6}
      autoFocus
    />
  );
}

export interface PasswordFieldProps {
  readonly name: string;
  readonly label: string;
  readonly autoComplete: 'current-password' | 'new-password';
  readonly autoFocus?: boolean;
}

/** A password that can be looked at, and, where it is a new one, is judged while it is typed. */
export function PasswordField(props: PasswordFieldProps) {
  const { messages } = useAuth();
  const [isShown, setShown] = useState(false);
  const [password, setPassword] = useState('');
  const isNew = props.autoComplete === 'new-password';
  const check = useCheck(isNew ? password : '');
  const id = useId();
  return (
    <Field
      {...props}
      type={isShown ? 'text' : 'password'}
      onInput={setPassword}
      describedBy={check ? id : undefined}
    >
      <button
        type="button"
        className="sekisho-reveal"
        aria-pressed={isShown}
        onClick={() => setShown(!isShown)}
      >
        {messages.showPassword}
      </button>
      {isNew && (
        <p id={id} className="sekisho-strength" aria-live="polite" data-score={check?.score}>
          {check && hint(check, messages.strength)}
        </p>
      )}
    </Field>
  );
}

/** Short: what comes up while one types must not push the button away from under the pointer. */
function hint(check: PasswordCheck, strength: readonly string[]): string {
  const more = check.violations[0]?.message ?? check.warning ?? check.suggestions[0];
  return [strength[check.score], more].filter(Boolean).join(' · ');
}

const PAUSE_IN_TYPING = 400;

function useCheck(password: string): PasswordCheck | null {
  const { client } = useAuth();
  const [check, setCheck] = useState<PasswordCheck | null>(null);
  useEffect(() => {
    if (password === '') return setCheck(null);
    const leave = new AbortController();
    const timer = setTimeout(() => {
      // It is a help; without it the form works as well.
      client.checkPassword(password, undefined, { signal: leave.signal }).then(setCheck, () => undefined);
    }, PAUSE_IN_TYPING);
    return () => {
      clearTimeout(timer);
      leave.abort();
    };
  }, [client, password]);
  return check;
}
