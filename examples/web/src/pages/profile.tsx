import { Field, Form, PasswordField, useAuth } from '@sekisho/web/react';
import { useState } from 'react';
import { useTexts } from '../texts';

export function Profile() {
  return (
    <>
      <Name />
      <Password />
    </>
  );
}

function Name() {
  const { client, user } = useAuth();
  const texts = useTexts();
  const [notice, setNotice] = useState<string>();
  return (
    <Form
      heading={texts.profile}
      submit={texts.save}
      notice={notice}
      action={async ({ display_name = '' }) => {
        await client.updateProfile({ displayName: display_name });
        setNotice(texts.saved);
      }}
    >
      <p className="sekisho-notice">{user?.email}</p>
      <Field
        name="display_name"
        label={texts.displayName}
        autoComplete="name"
        isOptional
        defaultValue={user?.displayName}
      />
    </Form>
  );
}

function Password() {
  const { client } = useAuth();
  const texts = useTexts();
  const [changes, setChanges] = useState(0);
  return (
    <Form
      // Another form after each change: what was typed is gone.
      key={changes}
      heading={texts.changePassword}
      submit={texts.changePassword}
      notice={changes > 0 ? texts.passwordChanged : undefined}
      action={async ({ current_password = '', new_password = '' }) => {
        await client.changePassword({ currentPassword: current_password, newPassword: new_password });
        setChanges(changes + 1);
      }}
    >
      <PasswordField name="current_password" label={texts.currentPassword} autoComplete="current-password" />
      <PasswordField name="new_password" label={texts.newPassword} autoComplete="new-password" />
    </Form>
  );
}
