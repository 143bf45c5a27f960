import { createContext, type ReactNode, useContext, useEffect, useMemo, useSyncExternalStore } from 'react';
import type { SekishoClient } from '../core/client.js';
import type { AuthState } from '../core/state.js';
import { browserLocale, type Locale, MESSAGES, type Messages } from './messages.js';

/** What `useAuth` answers. */
export interface Auth extends AuthState {
  readonly client: SekishoClient;
  readonly locale: Locale;
  readonly messages: Messages;
}

interface Setting {
  readonly client: SekishoClient;
  readonly locale: Locale;
  readonly messages: Messages;
}

const AuthContext = createContext<Setting | null>(null);

export interface AuthProviderProps {
  /** Made once, outside of components. */
  readonly client: SekishoClient;
  /** Left out: what the browser says. */
  readonly locale?: Locale;
  /** Texts instead of the given ones. */
  readonly messages?: Partial<Messages>;
  readonly children?: ReactNode;
}

/** Goes on with the session that the device has, and tells all below who is signed in. */
export function AuthProvider({ client, locale = browserLocale(), messages, children }: AuthProviderProps) {
  // Children call the service in effects of theirs, which run before those of this component.
  client.language = locale;
  useEffect(() => {
    void client.start();
  }, [client]);
  const setting = useMemo(
    () => ({ client, locale, messages: { ...MESSAGES[locale], ...messages } }),
    [client, locale, messages],
  );
  return <AuthContext.Provider value={setting}>{children}</AuthContext.Provider>;
}

/** Who is signed in, and the client to do something about it. */
export function useAuth(): Auth {
  const setting = useContext(AuthContext);
  if (!setting) throw new Error('useAuth needs an AuthProvider above it');
  const { client } = setting;
  const state = useSyncExternalStore(
    client.subscribe,
    () => client.state,
    () => client.state,
  );
  return { ...state, ...setting };
}
