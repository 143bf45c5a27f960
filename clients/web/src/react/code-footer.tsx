import { useState } from 'react';
import { asSekishoError } from '../core/errors.js';
import { describe } from './messages.js';
import { useAuth } from './provider.js';

interface CodeFooterProps {
  /** Has another code mailed, and answers what to say of it. */
  readonly resend: () => Promise<string>;
  readonly back: () => void;
}

/** Another code, or another address. */
export function CodeFooter({ resend, back }: CodeFooterProps) {
  const { messages } = useAuth();
  const [outcome, setOutcome] = useState('');
  const again = async () => {
    setOutcome('');
    setOutcome(await resend().catch((thrown) => describe(asSekishoError(thrown), messages)));
  };
  return (
    <div className="sekisho-footer">
      <button type="button" className="sekisho-link" onClick={again}>
        {messages.resendCode}
      </button>
      <button type="button" className="sekisho-link" onClick={back}>
        {messages.startAgain}
      </button>
      <p className="sekisho-outcome" role="status">
        {outcome}
      </p>
    </div>
  );
}
