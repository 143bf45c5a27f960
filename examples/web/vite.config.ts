import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const service = process.env['SEKISHO_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  // The package is linked, and has a React of its own for its tests.
  resolve: { dedupe: ['react', 'react-dom'] },
  server: { proxy: { '/api': service, '/sekisho.v1.': service } },
  build: {
    // What `sekisho dev` serves is built into it from here.
    outDir: 'built',
    emptyOutDir: true,
    // Nothing inline: the page's content security policy forbids it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: { entryFileNames: 'app.js', chunkFileNames: '[name].js', assetFileNames: '[name][extname]' },
    },
  },
});
