/** A journal of version 1, as it was written when the format was new. Every later version must open it. */

import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveOptions, type TunerOptions } from '../../src/core/options.js';
import { Replay } from '../../src/core/record/replay.js';
import { paper } from '../../src/core/strategies/paper/strategy.js';
import type { JournalEntry } from '../../src/journal/format.js';
import { readJournal } from '../../src/journal/read.js';
import { ROOT, runCli, temporaryDirectory } from '../support/cli.js';

const STEPS = { committed: 60, search: 10, total: 70, lost: 0 };
const FILES = 8;
const SCHEDULE = [
  { step: 0, lr: 0.0016666666666666666 },
  { step: 1, lr: 0.003333333333333333 },
  { step: 2, lr: 0.005 },
  { step: 3, lr: 0.006666666666666666 },
  { step: 4, lr: 0.008333333333333333 },
  { step: 5, lr: 0.01 },
  { step: 6, lr: 0.01779319744421122 },
  { step: 30, lr: 0.05769903135125149 },
];

function thaw(): string {
  const dir = join(temporaryDirectory(), 'run');
  mkdirSync(dir);
  copyFileSync(join(ROOT, 'test', 'journals', 'v1.jsonl'), join(dir, 'journal.jsonl'));
  return dir;
}

describe('the frozen journal of version 1', () => {
  it('is shown', async () => {
    const { code, stdout } = await runCli(['show', '--json', thaw()]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'finished',
      steps: STEPS,
      schedule: SCHEDULE,
    });
  });

  it('is played into a strategy of today, which asks for what it asked for then', async () => {
    let replay: Replay | undefined;
    let run: Extract<JournalEntry, { kind: 'run' }> | undefined;
    for await (const { entry } of readJournal(thaw())) {
      if (entry.kind === 'run') run = entry;
      else if (entry.kind === 'trainer') {
        const options = resolveOptions(run?.options as Partial<TunerOptions>); // checked again by it
        replay = new Replay(paper(options, entry.facts), entry.facts.step, 'inside');
      } else if (entry.kind !== 'end' && entry.kind !== 'resume') replay?.add(entry);
    }
    expect(replay?.resumePoint).toMatchObject({
      finished: 'budget',
      unfinishedFiles: [],
      nextFileNumber: FILES,
    });
    expect(replay?.resumePoint.lineage.step).toBe(60);
  });
});
