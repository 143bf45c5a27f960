import type { ReactNode } from 'react';
import { LoginForm } from './login-form.js';
import { useAuth } from './provider.js';

export interface ProtectedRouteProps {
  readonly children: ReactNode;
  /** For nobody who is signed in; a `LoginForm`. */
  readonly signedOut?: ReactNode;
  /** While it is not known. */
  readonly loading?: ReactNode;
  /** While the service does not answer, which is asked again by itself. */
  readonly unavailable?: ReactNode;
}

/** Shows its children to who is signed in. It hides; the service is what protects. */
export function ProtectedRoute({ children, signedOut, loading, unavailable }: ProtectedRouteProps) {
  const { status, client, messages } = useAuth();
  switch (status) {
    case 'signedIn':
      return children;
    case 'signedOut':
      return signedOut ?? <LoginForm />;
    case 'loading':
      return (
        loading ?? (
          <p className="sekisho-notice" role="status">
            {messages.loading}
          </p>
        )
      );
    case 'unavailable':
      return (
        unavailable ?? (
          <div className="sekisho-notice" role="status">
            <p>{messages.unavailable}</p>
            <button type="button" className="sekisho-submit" onClick={() => void client.start()}>
              {messages.retry}
            </button>
          </div>
        )
      );
  }
}
