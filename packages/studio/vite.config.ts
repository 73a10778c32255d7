import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import solid from 'vite-plugin-solid'
import { methodFilesPlugin } from './build/method-files.ts'
import { packedEngine } from './build/packed-engine.ts'
import { shippedPriors } from './build/shipped-priors.ts'

const priors = shippedPriors()

/** The page of `page/`, with its engine, as plain files for any host in `site/`. */
export default defineConfig({
  root: fileURLToPath(new URL('page', import.meta.url)),
  base: './',
  plugins: [solid(), methodFilesPlugin(), packedEngine([priors.worker]), priors.page],
  server: {
    host: '127.0.0.1',
    headers: {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    },
  },
  build: {
    outDir: '../site',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0, // a policy of 'self' lets no data: scripts in
    chunkSizeWarningLimit: 1500,
    reportCompressedSize: false,
  },
})
