import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A hang is found all the same; a property of many runs takes a minute on a machine that does other work.
    testTimeout: 180_000,
    // The machine that runs this has two cores, and the end-to-end tests start processes of their own.
    maxWorkers: 2,
  },
});
