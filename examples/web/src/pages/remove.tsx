import { Form, PasswordField, useAuth } from '@sekisho/web/react';
import { useTexts } from '../texts';

export function Remove() {
  const { client } = useAuth();
  const texts = useTexts();
  return (
    <Form
      heading={texts.remove}
      submit={texts.remove}
      notice={texts.removeNotice}
      action={({ password = '' }) => client.deleteAccount({ password })}
    >
      <PasswordField name="password" label={texts.password} autoComplete="current-password" />
    </Form>
  );
}
