import { ProtectedRoute, useAuth } from '@sekisho/web/react';
import { Route, Router, Switch } from 'wouter';
import { useHashLocation } from 'wouter/use-hash-location';
import { Navigation } from './navigation';
import { History } from './pages/history';
import { Profile } from './pages/profile';
import { Remove } from './pages/remove';
import { Sessions } from './pages/sessions';
import { Login, Reset, Signup } from './pages/visitors';
import { useTexts } from './texts';

// After the `#`: any server of files can serve it.
export function App() {
  return (
    <Router hook={useHashLocation}>
      <Skip />
      <Navigation />
      <main id="content" tabIndex={-1}>
        <Pages />
      </main>
    </Router>
  );
}

function Pages() {
  const { status } = useAuth();
  if (status === 'signedOut') {
    return (
      <Switch>
        <Route path="/signup" component={Signup} />
        <Route path="/reset" component={Reset} />
        <Route component={Login} />
      </Switch>
    );
  }
  return (
    <ProtectedRoute>
      <Switch>
        <Route path="/sessions" component={Sessions} />
        <Route path="/history" component={History} />
        <Route path="/remove" component={Remove} />
        <Route component={Profile} />
      </Switch>
    </ProtectedRoute>
  );
}

// A link to `#content` would be a page of the router's.
function Skip() {
  const texts = useTexts();
  return (
    <button type="button" className="skip" onClick={() => document.getElementById('content')?.focus()}>
      {texts.skip}
    </button>
  );
}
