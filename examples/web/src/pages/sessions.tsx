import { SessionList } from '@sekisho/web/react';

export function Sessions() {
  return <SessionList />;
}
