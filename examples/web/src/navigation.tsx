import { useAuth } from '@sekisho/web/react';
import { useEffect } from 'react';
import { Link, useLocation } from 'wouter';
import { useTexts } from './texts';

export function Navigation() {
  const { status, user, client } = useAuth();
  const texts = useTexts();
  const visitors = { '/': texts.login, '/signup': texts.signup, '/reset': texts.reset };
  const members = {
    '/': texts.profile,
    '/sessions': texts.sessions,
    '/history': texts.history,
    '/remove': texts.remove,
  };
  const pages = Object.entries(status === 'signedIn' ? members : visitors);
  const [location] = useLocation();
  const title = pages.find(([path]) => path === location)?.[1] ?? pages[0]?.[1];
  useEffect(() => {
    document.title = `${title} – Sekisho`;
  }, [title]);

  return (
    <header className="header">
      <h1 className="name">Sekisho</h1>
      <nav aria-label={texts.navigation}>
        <ul className="pages">
          {pages.map(([path, name]) => (
            <li key={path}>
              <Link href={path} aria-current={path === location ? 'page' : undefined}>
                {name}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      {user && (
        <p className="person">
          <span data-testid="who">{user.displayName || user.email}</span>
          {/* Where the service is not reached this device is signed out all the same. */}
          <button
            type="button"
            className="sekisho-link"
            onClick={() => client.logout().catch(() => undefined)}
          >
            {texts.logout}
          </button>
        </p>
      )}
    </header>
  );
}
