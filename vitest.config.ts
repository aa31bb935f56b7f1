import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    // The machine that runs this has two cores, and the end-to-end tests start processes of their own.
    maxWorkers: 2,
  },
});
