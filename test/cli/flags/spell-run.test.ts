/** The command that a report gives does what the run did. */

import { expect, it } from 'vitest';
import { loadRun } from '../../../src/app/load-run.js';
import { readRunFlags } from '../../../src/cli/flags/read-run.js';
import { spellRun } from '../../../src/cli/flags/spell-run.js';
import type { RawFlags } from '../../../src/cli/flags/table.js';
import type { JournalEntry } from '../../../src/journal/format.js';
import { writeJournal } from '../../support/journals.js';
import { RUN } from '../../support/run-record.js';

const COMMAND = ['python', 'my train.py'] as const;

async function spelled(
  raw: RawFlags<'run'>,
  more: Partial<typeof RUN> = {},
): Promise<string | undefined> {
  const { tuner, restarts, transport, checkpointSteps, validationPattern } = readRunFlags(
    raw,
    COMMAND,
  );
  const entry: JournalEntry = {
    ...RUN,
    ...more,
    strategy: tuner.strategy,
    options: { ...tuner },
    command: COMMAND,
    restarts,
    transport,
    ...(checkpointSteps !== undefined && { checkpointSteps }),
    ...(validationPattern !== undefined && { validationPattern }),
  } as JournalEntry;
  return spellRun(await loadRun(writeJournal([entry])));
}

it('leaves defaults out, and quotes what a shell would part', async () => {
  expect(await spelled({})).toBe("autolrs run --seed 0 -- python 'my train.py'");
});

it('has every option that was given, in an order that the help has', async () => {
  const raw = {
    strategy: 'paper',
    budget: '5000',
    minLr: '1e-4',
    rollback: true,
    seed: '7',
    restarts: '0',
    checkpointSteps: '50',
    transport: 'tcp:[::1]:4000',
    validationPattern: 'val ([0-9.]+)',
  } as const;
  expect(await spelled(raw)).toBe(
    "autolrs run --budget 5000 --strategy paper --min-lr 0.0001 --seed 7 --rollback --restarts 0 --checkpoint-steps 50 --validation-pattern 'val ([0-9.]+)' --transport 'tcp:[::1]:4000' -- python 'my train.py'",
  );
});

it('says which port is encrypted', async () => {
  expect(await spelled({ transport: 'tls:node7:0' })).toContain(' --transport tls:node7:0 -- ');
});

it('says whose schedule it is, either way', async () => {
  expect(await spelled({ keepSchedule: true })).toContain('--keep-schedule');
  expect(await spelled({ noKeepSchedule: true, keepSchedule: false } as never)).toContain(
    '--no-keep-schedule',
  );
});

it('is as one that had an extension from the start', async () => {
  const entry = { ...RUN, options: { strategy: 'paper', search: 'inside', steps: 100, seed: 0 } };
  const dir = writeJournal([entry as JournalEntry, { kind: 'extension', steps: 300 }]);
  expect(spellRun(await loadRun(dir))).toContain('--steps 300');
});

it('is none where the script has started the tuner', async () => {
  expect(await spelled({}, { inside: true } as never)).toBeUndefined();
});
