import { AuthProvider, browserLocale } from '@sekisho/web/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { client } from './client';
import '@sekisho/web/styles.css';
import './app.css';

const root = document.getElementById('app');
if (!root) throw new Error('index.html has no #app');
const locale = browserLocale();
document.documentElement.lang = locale;

createRoot(root).render(
  <StrictMode>
    <AuthProvider client={client} locale={locale}>
      <App />
    </AuthProvider>
  </StrictMode>,
);
