import { useCallback, useEffect, useId, useRef, useState } from 'react';
import { asSekishoError, type SekishoError } from '../core/errors.js';
import type { Session } from '../core/types.js';
import { classes, type Styled } from './form.js';
import { describe } from './messages.js';
import { useAuth } from './provider.js';

/** Where the person is signed in, with a way to end one session, all others, and all. */
export function SessionList({ className }: Styled) {
  const { client, messages, locale } = useAuth();
  const { sessions, error, outcome, act } = useSessions();
  const headingId = useId();
  const heading = useRef<HTMLHeadingElement>(null);

  // The button that had the focus is gone.
  const thenHeading = (work: () => Promise<number>) => act(work).then(() => heading.current?.focus());

  const end = (session: Session) =>
    thenHeading(async () => {
      if (session.current) await client.logout();
      else await client.revokeSession(session.id);
      return 1;
    });
  const endAll = (keepCurrent: boolean) =>
    thenHeading(async () => (await client.revokeAllSessions({ keepCurrent })).revokedCount);

  return (
    <section className={classes('sekisho-sessions', className)} aria-labelledby={headingId} lang={locale}>
      <h2 id={headingId} ref={heading} tabIndex={-1} className="sekisho-heading">
        {messages.sessions}
      </h2>
      {error && (
        <p className="sekisho-error" role="alert">
          {describe(error, messages)}
        </p>
      )}
      <p className="sekisho-outcome" role="status">
        {outcome !== null && messages.sessionsEnded(outcome)}
      </p>
      <ul className="sekisho-session-list">
        {sessions.map((session) => (
          <SessionItem key={session.id} session={session} end={() => end(session)} />
        ))}
      </ul>
      <div className="sekisho-footer">
        <button type="button" className="sekisho-secondary" onClick={() => endAll(true)}>
          {messages.endOtherSessions}
        </button>
        <button type="button" className="sekisho-secondary" onClick={() => endAll(false)}>
          {messages.endAllSessions}
        </button>
      </div>
    </section>
  );
}

interface SessionItemProps {
  readonly session: Session;
  readonly end: () => void;
}

function SessionItem({ session, end }: SessionItemProps) {
  const { messages, locale } = useAuth();
  const nameId = useId();
  const buttonId = useId();
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <li className="sekisho-session" data-current={session.current}>
      <span id={nameId} className="sekisho-device">
        {session.device || messages.unknownDevice}
        {session.current && ` (${messages.thisDevice})`}
      </span>
      <span className="sekisho-detail">
        {messages.lastUsed(format.format(new Date(session.lastUsedAt)), session.ipAddress)}
      </span>
      <button
        type="button"
        id={buttonId}
        className="sekisho-secondary"
        aria-labelledby={`${buttonId} ${nameId}`}
        onClick={end}
      >
        {messages.endSession}
      </button>
    </li>
  );
}

function useSessions() {
  const { client, status } = useAuth();
  const [sessions, setSessions] = useState<readonly Session[]>([]);
  const [error, setError] = useState<SekishoError | null>(null);
  const [outcome, setOutcome] = useState<number | null>(null);

  const load = useCallback(async () => setSessions(await client.listSessions()), [client]);
  const fail = useCallback((thrown: unknown) => {
    const failure = asSekishoError(thrown);
    // Then there is nobody left to tell.
    if (failure.reason !== 'SIGNED_OUT') setError(failure);
  }, []);

  useEffect(() => {
    if (status === 'signedIn') load().catch(fail);
  }, [status, load, fail]);

  const act = async (work: () => Promise<number>) => {
    setError(null);
    try {
      const ended = await work();
      // Before it is said: nobody is to see on the list what they are told has ended.
      if (client.state.status === 'signedIn') await load().catch(fail);
      setOutcome(ended);
    } catch (thrown) {
      fail(thrown);
    }
  };
  return { sessions, error, outcome, act };
}
