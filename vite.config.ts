// Builds the browser page of src/page into dist/page, where the server finds it. Nothing is inlined: the page's content security policy
// allows no inline script, no inline style and no data: address.
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'src/page',
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    outDir: '../../dist/page',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome123', 'firefox121', 'safari17.5'],
    reportCompressedSize: true,
  },
});
