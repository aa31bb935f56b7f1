/**
 * The search leaves no trace: a fresh process that is only asked for the steps a run committed sees, bit for bit, the
 * losses that the run saw on its committed path.
 */

import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Command } from '../../src/core/conversation/command.js';
import { readJournal } from '../../src/journal/read.js';
import { startTrainer } from '../../src/trainer/trainer.js';
import { ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';

interface Committed {
  readonly command: Extract<Command, { kind: 'train' }>;
  readonly losses: readonly number[];
}

async function readCommitted(dir: string): Promise<Committed[]> {
  const committed: Committed[] = [];
  let asked: Command | undefined;
  for await (const { entry } of readJournal(dir)) {
    if (entry.kind === 'command') asked = entry.command;
    if (entry.kind !== 'reply' || entry.reply.kind !== 'trained') continue;
    if (asked?.kind === 'train' && asked.purpose === 'commit') {
      committed.push({ command: asked, losses: entry.reply.losses });
    }
  }
  return committed;
}

async function compare(script: readonly [string, ...string[]], options: string): Promise<void> {
  const dir = join(temporaryDirectory(), 'run');
  const end = await runCli(['run', '--run-dir', dir, ...options.split(' '), '--', ...script]);
  expect(end.code, end.stderr).toBe(0);
  const committed = await readCommitted(dir);
  expect(committed.length).toBeGreaterThan(2);
  const trainer = await startTrainer({
    command: script,
    env: { AUTOLRS: '1', PYTHONPATH: join(ROOT, 'adapters', 'python') },
    run: { id: 'replay', dir, seed: 0 },
    version: '0.1.0',
    startTimeoutMs: 60_000,
    hintAfterMs: 60_000,
    onOutput: () => {},
  });
  onTestFinished(() => trainer.kill());
  for (const { command, losses } of committed) {
    expect(await trainer.ask(command)).toMatchObject({ losses });
  }
  await trainer.shutdown();
}

const OPTIONS = '--steps 300 --tau 60 --tau-max 120 --candidates 4 --warmup-steps 20';

describe('the committed path of a run is bit-equal to training without the search', () => {
  it('in JavaScript, with shuffled data', { timeout: 60_000 }, async () => {
    await compare([process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')], OPTIONS);
  });

  it.skipIf(!hasPythonModules('torch'))(
    'in PyTorch, with dropout, momentum and shuffled data',
    { timeout: 120_000 },
    async () => {
      const script = join(ROOT, 'test', 'fixtures', 'pytorch', 'dropout.py');
      await compare([PYTHON, script], OPTIONS);
    },
  );
});
