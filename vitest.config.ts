import { defineConfig } from 'vitest/config'

/**
 * graphql is there as ESM and as CommonJS. Node gives everybody CommonJS; Vite would give our sources the ESM one, and
 * GraphQL takes no type from another copy of itself.
 */
const resolve = { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] }

/** One stack for all files: they run one after the other and share it. */
const onStack = { fileParallelism: false, hookTimeout: 600_000, globalSetup: ['test/support/stack/stack-setup.ts'] }

/**
 * One tree each: rules without I/O, single clients and the API against real servers, the whole stack, and the stack under
 * every fault (`npm run test:faults`, apart from the others).
 */
export default defineConfig({
  test: {
    projects: [
      { resolve, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        resolve,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { resolve, test: { name: 'stack', include: ['test/stack/**/*.test.ts'], testTimeout: 300_000, ...onStack } },
      { resolve, test: { name: 'faults', include: ['test/faults/**/*.test.ts'], testTimeout: 600_000, ...onStack } },
    ],
  },
})
