import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeResults } from '../../src/app/files/write-results.js';
import type { Decision } from '../../src/core/conversation/decision.js';
import { ResultBuilder } from '../../src/core/record/result-builder.js';
import { temporaryDirectory } from '../support/cli.js';

const FOUND: Extract<Decision, { kind: 'factor-found' }> = {
  kind: 'factor-found',
  factor: 2,
  peak: 0.02,
  own: 0.01,
  hasProbed: true,
  schedule: 'OneCycleLR',
};

/** The files of a run in which this was decided, and two steps were trained. */
function filesOf(keepSchedule: boolean, decision?: Decision) {
  const dir = temporaryDirectory();
  const builder = new ResultBuilder({ id: 'r', dir, strategy: 'horizon', keepSchedule, seed: 0 });
  builder.begin(0);
  if (decision) builder.add({ kind: 'decision', decision });
  builder.add({
    kind: 'command',
    command: { kind: 'train', purpose: 'commit', steps: 2, lr: 2 },
  });
  const reply = { kind: 'trained', steps: 2, losses: [1, 1], lr: 2, step: 2, seconds: 0 } as const;
  builder.add({ kind: 'reply', reply });
  writeResults(dir, builder.build('finished', 1));
  const read = (name: string) => JSON.parse(readFileSync(join(dir, name), 'utf8'));
  return { schedule: read('schedule.json'), result: read('result.json') };
}

describe('schedule.json', () => {
  it('says that its numbers are LRs', () => {
    const { schedule, result } = filesOf(false);
    expect(schedule).toEqual({
      version: 1,
      run: 'r',
      unit: 'LR',
      schedule: [{ step: 0, lr: 2 }],
    });
    expect(result).not.toHaveProperty('factorOf');
  });

  it('says that they are factors, and on what, as the search has found it', () => {
    const { schedule, result } = filesOf(false, FOUND);
    const factorOf = { schedule: 'OneCycleLR', highestLr: 0.01 };
    expect(schedule).toMatchObject({ unit: 'factor', keepSchedule: true, factorOf });
    expect(result).toMatchObject({ keepSchedule: true, factorOf });
  });

  it('says that they are factors where the schedule has no name, or its highest LR is not known', () => {
    const unnamed = { schedule: "the script's own schedule" };
    expect(filesOf(true).schedule).toMatchObject({ unit: 'factor', factorOf: unnamed });
    const { own: _, ...unknown } = FOUND;
    expect(filesOf(false, unknown).schedule.factorOf).toEqual({ schedule: 'OneCycleLR' });
  });
});
