import { timestampDate } from '@bufbuild/protobuf/wkt';
import { ConnectError } from '@connectrpc/connect';
import { useAuth } from '@sekisho/web/react';
import { useEffect, useState } from 'react';
import type { AuditEvent } from '../gen/sekisho/v1/audit_pb';
import { audit } from '../grpc';
import { useTexts } from '../texts';

/** The page that speaks gRPC-Web. */
export function History() {
  const { locale } = useAuth();
  const texts = useTexts();
  const [events, setEvents] = useState<AuditEvent[]>([]);
  const [error, setError] = useState('');
  useEffect(() => {
    const leave = new AbortController();
    audit.listEvents({ pageSize: 20 }, { signal: leave.signal }).then(
      (page) => setEvents(page.events),
      (thrown) => leave.signal.aborted || setError(ConnectError.from(thrown).rawMessage),
    );
    return () => leave.abort();
  }, []);

  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
  return (
    <section aria-labelledby="history">
      <h2 id="history" className="sekisho-heading">
        {texts.history}
      </h2>
      <p className="sekisho-notice">{texts.historyNotice}</p>
      {error && (
        <p className="sekisho-error" role="alert">
          {error}
        </p>
      )}
      <table className="history" aria-labelledby="history">
        <thead>
          <tr>
            <th scope="col">{texts.when}</th>
            <th scope="col">{texts.what}</th>
            <th scope="col">{texts.where}</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <tr key={event.id}>
              <td>{event.at && format.format(timestampDate(event.at))}</td>
              <td>
                <code>{event.kind}</code>
              </td>
              <td>{event.ipAddress}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
