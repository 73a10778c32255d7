import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** What users install: these tests first pack a clean clone. */
const published = ['tests/packages*.test.ts', 'tests/bundles*.test.ts']

export default defineConfig({
  test: {
    // Several projects, so that `--project packages` is the quick inner loop.
    projects: [
      { extends: true, test: { name: 'packages', include: ['packages/*/{src,page}/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/.doc-examples/**', 'tests/.own-modules/**', 'tests/studio/**', ...published],
        },
      },
      {
        extends: true,
        test: {
          name: 'studio',
          include: ['tests/studio/**/*.test.ts'],
          globalSetup: 'tests/studio/setup.ts',
        },
      },
      {
        extends: true,
        test: { name: 'published', include: published, globalSetup: 'tests/published/setup.ts' },
      },
    ],
    setupFiles: ['scripts/test-seed.ts', 'scripts/test-matchers.ts'],
    environment: 'node',
    // The command and the examples run as processes, most of whose time is the stripping of types: done once.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'out', 'compile-cache') },
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 180_000,
    passWithNoTests: true,
  },
})
