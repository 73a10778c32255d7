import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Two projects, so that `--project packages` is the quick inner loop.
    projects: [
      { extends: true, test: { name: 'packages', include: ['packages/*/src/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'tests', include: ['tests/**/*.test.ts'], exclude: ['tests/.doc-examples/**'] },
      },
    ],
    setupFiles: ['scripts/test-seed.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: true,
  },
})
