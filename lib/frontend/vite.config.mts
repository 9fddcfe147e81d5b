import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * The page works from any folder and under a policy that allows nothing but its own files: nothing is inlined. Licences of
 * the packages in the bundle are listed beside it.
 */
export default defineConfig({
  root: folder('.'),
  base: './',
  publicDir: false,
  build: {
    outDir: folder('../../dist/frontend'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
    chunkSizeWarningLimit: 400,
  },
  worker: { format: 'es' },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
