// @vitest-environment jsdom
import { cleanup, configure, render, screen, waitFor, within } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import type { ReactNode } from 'react';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { memoryStore, type SekishoClient } from '../../src/index.js';
import {
  AuthProvider,
  type Locale,
  LoginForm,
  PasswordResetForm,
  ProtectedRoute,
  SessionList,
  SignupForm,
  useAuth,
} from '../../src/react/index.js';
import { Device, signedUp } from '../support/device.js';
import { address, PASSWORD, Server } from '../support/server.js';

// A busy machine is no fault.
configure({ asyncUtilTimeout: 20_000 });

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.stop());
afterEach(cleanup);

const alone = { store: memoryStore, environment: { locks: undefined, channel: undefined } };

function device() {
  return new Device(server, { store: memoryStore(), environment: alone.environment });
}

function show(client: SekishoClient, children: ReactNode, locale: Locale = 'en') {
  return render(
    <AuthProvider client={client} locale={locale}>
      {children}
    </AuthProvider>,
  );
}

function Greeting() {
  const { user, client } = useAuth();
  return (
    <>
      <p>Hello {user?.email}</p>
      <button type="button" onClick={() => void client.logout()}>
        Leave
      </button>
    </>
  );
}

it('a route is shown after login, and no more after logout', async () => {
  const { email } = await signedUp(server);
  const person = userEvent.setup();
  show(
    device().client,
    <ProtectedRoute>
      <Greeting />
    </ProtectedRoute>,
  );
  await person.type(await screen.findByLabelText('E-mail address'), email);
  await person.type(screen.getByLabelText('Password'), `${PASSWORD}{Enter}`);
  await screen.findByText(`Hello ${email}`);
  await person.click(screen.getByText('Leave'));
  await screen.findByRole('heading', { name: 'Sign in' });
});

it('a wrong password is told, and gets the focus', async () => {
  const { email } = await signedUp(server);
  const person = userEvent.setup();
  show(device().client, <LoginForm />);
  await person.type(screen.getByLabelText('E-mail address'), email);
  await person.type(screen.getByLabelText('Password'), 'wrong wrong{Enter}');
  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toBe('The e-mail address or the password is wrong.');
  await waitFor(() => expect(document.activeElement).toBe(alert));
});

it('a field that breaks a rule says so, and gets the focus', async () => {
  const person = userEvent.setup();
  show(device().client, <SignupForm />, 'ja');
  await person.type(screen.getByLabelText('メールアドレス'), address());
  await person.type(screen.getByLabelText('パスワード'), 'password1{Enter}');
  const field = screen.getByLabelText('パスワード');
  await waitFor(() => expect(field.getAttribute('aria-invalid')).toBe('true'));
  const described = document.getElementById(field.getAttribute('aria-describedby')?.split(' ')[0] ?? '');
  expect(described?.textContent).toMatch(/\p{Script=Hiragana}/u);
  await waitFor(() => expect(document.activeElement).toBe(field));
});

it('a sign-up goes through the code, and another one where the first did not come', async () => {
  const person = userEvent.setup();
  const email = address();
  const { client } = device();
  show(client, <SignupForm />);
  await person.type(screen.getByLabelText('E-mail address'), email);
  await person.type(screen.getByLabelText('Password'), `${PASSWORD}{Enter}`);
  const code = await screen.findByLabelText('Six-digit code');
  expect(document.activeElement).toBe(code);
  await person.click(screen.getByText('Send another code'));
  await waitFor(async () => expect(await server.mails(email)).toHaveLength(2));
  await person.type(code, `${await server.code(email)}{Enter}`);
  await waitFor(() => expect(client.state.user?.email).toBe(email));
});

it('a password is hidden until it is asked for, and a manager may fill it in', async () => {
  const person = userEvent.setup();
  const forms: [ReactNode, string][] = [
    [<LoginForm key="login" />, 'current-password'],
    [<SignupForm key="signup" />, 'new-password'],
  ];
  for (const [form, purpose] of forms) {
    show(device().client, form);
    const field = screen.getByLabelText<HTMLInputElement>('Password');
    expect([field.type, field.autocomplete]).toEqual(['password', purpose]);
    await person.click(field);
    await person.paste('pasted, as a manager does');
    expect(field.value).toBe('pasted, as a manager does');
    await person.click(screen.getByRole('button', { name: 'Show password' }));
    expect(field.type).toBe('text');
    cleanup();
  }
});

it('a password is judged while it is typed', async () => {
  const person = userEvent.setup();
  show(device().client, <SignupForm />);
  await person.type(screen.getByLabelText('Password'), 'password1');
  await screen.findByText(/^Very weak/);
});

it('a forgotten password is replaced', async () => {
  const { email } = await signedUp(server);
  const person = userEvent.setup();
  const { client } = device();
  show(client, <PasswordResetForm />);
  await person.type(screen.getByLabelText('E-mail address'), `${email}{Enter}`);
  const code = await screen.findByLabelText('Six-digit code');
  await person.type(code, `${await server.code(email)}{Enter}`);
  const password = 'a different horse, somewhere';
  await person.type(await screen.findByLabelText('New password'), `${password}{Enter}`);
  await screen.findByText('Your password is changed. Please sign in.');
  await client.login({ email, password });
});

it('sessions are listed and ended', async () => {
  const own = device();
  const { email } = await signedUp(server);
  const other = new Device(server);
  await other.client.login({ email, password: PASSWORD, deviceName: 'Kitchen' });
  await own.client.login({ email, password: PASSWORD, deviceName: 'Study' });
  const person = userEvent.setup();
  show(own.client, <SessionList />);
  const kitchen = (await screen.findByText('Kitchen')).closest('li') as HTMLElement;
  await person.click(within(kitchen).getByRole('button', { name: 'Sign out Kitchen' }));
  await screen.findByText('One device was signed out.');
  expect(screen.queryByText('Kitchen')).toBeNull();
  expect(document.activeElement?.textContent).toBe('Where you are signed in');
  await person.click(screen.getByText('Sign out everywhere'));
  await waitFor(() => expect(own.client.state.status).toBe('signedOut'));
});

it('a service that is away is not the end of a session', async () => {
  const store = memoryStore();
  await signedUp(server, { store });
  const again = new Device(server, {
    store,
    environment: { ...alone.environment, sleep: () => new Promise(() => undefined) },
  });
  again.fault = () => Promise.resolve(new Response('', { status: 502, headers: { 'retry-after': '9' } }));
  const person = userEvent.setup();
  show(
    again.client,
    <ProtectedRoute>
      <Greeting />
    </ProtectedRoute>,
  );
  const retry = await screen.findByRole('button', { name: 'Try again' });
  again.fault = undefined;
  again.pass(60);
  await person.click(retry);
  await screen.findByText(/^Hello/);
});

it('why a session ended is said where one signs in', async () => {
  const own = device();
  const { email } = await signedUp(server);
  await own.client.login({ email, password: PASSWORD });
  const other = new Device(server);
  await other.client.login({ email, password: PASSWORD });
  show(
    own.client,
    <ProtectedRoute>
      <Greeting />
    </ProtectedRoute>,
  );
  await screen.findByText(/^Hello/);
  await other.client.revokeAllSessions({ keepCurrent: true });
  await own.client.getProfile().catch(() => undefined);
  await screen.findByText('This session has ended. Please sign in again.');
});
