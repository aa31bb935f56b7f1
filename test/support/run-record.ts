import type { JournalEntry } from '../../src/journal/format.js';

/** The first record of a journal: how the run was started. */
export const RUN = {
  kind: 'run',
  journal: 1,
  autolrs: '0.1.0',
  id: 'r1',
  strategy: 'paper',
  seed: 0,
  options: { search: 'inside', average: 'off' },
  command: ['python', 'train.py'],
  cwd: '/home/me',
  restarts: 3,
  transport: { kind: 'stdio' },
} as const satisfies JournalEntry;
