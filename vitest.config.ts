import { defineConfig } from 'vitest/config'

/** Tests that take seconds each; `npm run long` runs them, and `npm test` everything else. */
const long = ['**/*.long.test.ts']

// Tests run from source: the `ringdown-source` export condition leads every import of ours to src/*.ts.
const shared = {
  resolve: { conditions: ['ringdown-source'] },
  ssr: { resolve: { conditions: ['ringdown-source'], externalConditions: ['node', 'import'] } }
}
const timeouts = { testTimeout: 30_000, hookTimeout: 30_000 }

export default defineConfig({
  test: {
    // As many as there are processors in the smallest machine that is meant: much of a test's time is waiting.
    maxWorkers: 2,
    projects: [
      {
        ...shared,
        test: {
          name: 'test',
          include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...long],
          // Files take turns in the same processes, which load the sources once, and not anew for each file. So a test
          // leaves a process as it found it.
          isolate: false,
          ...timeouts
        }
      },
      { ...shared, test: { name: 'long', include: long, exclude: ['**/node_modules/**'], ...timeouts } }
    ]
  }
})
