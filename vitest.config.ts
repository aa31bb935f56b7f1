import { defineConfig } from 'vitest/config';

/** Tests that start processes (trainers, the command, package managers, Python), and one that takes long. */
const NO_UNIT_TESTS = [
  'test/{adapters,bench,docs,e2e,packaging,page}/**/*.test.ts',
  'test/app/{orphan,strange-journal}.test.ts',
  'test/journal/{frozen,lock}.test.ts',
  'test/protocol/fuzz.test.ts',
  'test/python.test.ts',
  'test/trainer/{hostile,trainer}.test.ts',
  'test/trainer/transport/*.test.ts',
];

export default defineConfig({
  test: {
    // A hang is found all the same; a property of many runs takes a minute on a machine that does other work.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // The machine that runs this has two cores, and the end-to-end tests start processes of their own.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: NO_UNIT_TESTS },
      },
      { extends: true, test: { name: 'rest', include: NO_UNIT_TESTS } },
    ],
  },
});
