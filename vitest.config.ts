import { defineConfig } from 'vitest/config'

// Tests run from source: the `ringdown-source` export condition leads every import of ours to src/*.ts.
export default defineConfig({
  resolve: { conditions: ['ringdown-source'] },
  ssr: { resolve: { conditions: ['ringdown-source'], externalConditions: ['node', 'import'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000
  }
})
