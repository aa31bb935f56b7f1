import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRun } from '../../src/app/load-run.js';
import type { JournalEntry } from '../../src/journal/format.js';
import { createRunDirectory } from '../../src/journal/run-directory.js';
import { Journal } from '../../src/journal/writer.js';
import { temporaryDirectory } from '../support/cli.js';
import { RUN } from '../support/run-record.js';

const PLAIN = RUN.command;
const LAUNCHED = ['torchrun', 'train.py'] as const;

const RESUME = { kind: 'resume', autolrs: '0.1.0', command: LAUNCHED } as const;

const TRAINER = {
  kind: 'trainer',
  facts: {
    name: 'train.py',
    step: 0,
    lr: 0.1,
    groups: [1],
    world: 1,
    can: { validate: true, disk: true, rewind: true, cancel: true },
    holds: ['model'],
  },
  process: { host: 'host', pid: 1, started: 'boot 1' },
} as const satisfies JournalEntry;

const STARTED: JournalEntry = { kind: 'started', process: TRAINER.process };
const RECOVERED: JournalEntry = { kind: 'recovered' };

async function fold(...entries: readonly JournalEntry[]) {
  const dir = join(temporaryDirectory(), 'run');
  createRunDirectory(dir);
  const journal = Journal.create(dir);
  for (const entry of [RUN, ...entries]) journal.append(entry);
  journal.close();
  return loadRun(dir);
}

async function invocationOf(...entries: readonly JournalEntry[]) {
  return (await fold(...entries)).invocation;
}

describe('foldJournal', () => {
  it('tells how the script was started that went on with the run last', async () => {
    const transport = { kind: 'tcp', host: 'node7', port: 4000 } as const;
    const resume = { ...RESUME, transport };
    expect(await invocationOf()).toEqual({ command: PLAIN, transport: { kind: 'stdio' } });
    const recovered = [STARTED, TRAINER, RECOVERED] as const;
    expect(await invocationOf(...recovered, resume, ...recovered)).toEqual({
      command: LAUNCHED,
      transport,
    });
    expect((await invocationOf(...recovered, resume)).command).toEqual(PLAIN);
  });

  it('does not take a command for the run’s whose script connected and could not go on', async () => {
    const failed = [TRAINER, RECOVERED, RESUME, STARTED, TRAINER] as const;
    expect((await invocationOf(...failed)).command).toEqual(PLAIN);
    expect(
      (
        await invocationOf(
          ...failed,
          { kind: 'resume', autolrs: '1', command: PLAIN },
          TRAINER,
          RECOVERED,
        )
      ).command,
    ).toEqual(PLAIN);
  });

  it('takes what the command needs where an older journal names no transport', async () => {
    const reply = { kind: 'reply', reply: { kind: 'discarded' } } as const;
    expect(await invocationOf(TRAINER, RESUME, TRAINER, reply)).toEqual({
      command: LAUNCHED,
      transport: { kind: 'unix' },
    });
  });

  it('does not take a fault of whoever looks at its entries for one of the journal', async () => {
    const dir = join(temporaryDirectory(), 'run');
    createRunDirectory(dir);
    const journal = Journal.create(dir);
    journal.append(RUN);
    journal.close();
    const bug = new TypeError('undefined is not a function');
    const folding = loadRun(dir, () => {
      throw bug;
    });
    await expect(folding).rejects.toBe(bug);
  });

  it('tells why the run failed, until it is resumed', async () => {
    const error = { code: 'TRAINER_FAILED', message: 'bad batch' };
    const end = { kind: 'end', status: 'failed', exitCode: 3, error } as const;
    const told = { ...error, exitCode: 3 };
    expect(await fold(TRAINER, end)).toMatchObject({ status: 'failed', error: told });
    const resumed = await fold(TRAINER, end, RESUME);
    expect([resumed.status, resumed.error]).toEqual(['unfinished', undefined]);
  });
});
