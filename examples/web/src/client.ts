import { SekishoClient } from '@sekisho/web';

/** One for the page. It calls where the page comes from. */
export const client = new SekishoClient({
  baseUrl: '',
  cookie: import.meta.env['VITE_SEKISHO_COOKIE'] === 'true',
});
