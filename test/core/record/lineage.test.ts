import { describe, expect, it } from 'vitest';
import type { TrainedReply } from '../../../src/core/conversation/command.js';
import { Lineage } from '../../../src/core/record/lineage.js';
import { fromRuns } from '../../../src/core/record/lr-runs.js';

const SAVED = { kind: 'saved', step: 0, seconds: 0 } as const;

function trained(steps: number, step: number, end?: TrainedReply['end']): TrainedReply {
  const losses = Array.from({ length: steps }, () => 1);
  return { kind: 'trained', steps, losses, lr: 0.1, step, seconds: 1, ...(end && { end }) };
}

function commit(lineage: Lineage, steps: number, end?: TrainedReply['end']): void {
  const command = { kind: 'train', purpose: 'commit', steps, lr: 0.1 } as const;
  lineage.follow(command, trained(steps, lineage.step + steps, end));
}

function keep(lineage: Lineage, file: string): void {
  lineage.keep({ file, step: lineage.step, bytes: 1, sha256: file });
}

describe('Lineage', () => {
  it('spares the files of a path that was rolled back, not those before it', () => {
    const lineage = new Lineage(0);
    keep(lineage, 'before');
    commit(lineage, 5);
    keep(lineage, 'start');
    lineage.follow({ kind: 'save', checkpoint: 'stage-0' }, SAVED);
    for (const file of ['lost-1', 'lost-2']) {
      commit(lineage, 5);
      keep(lineage, file);
    }
    lineage.follow({ kind: 'restore', checkpoint: 'stage-0' }, SAVED);
    commit(lineage, 9);
    keep(lineage, 'retry');
    lineage.follow({ kind: 'discard', checkpoint: 'stage-0' }, SAVED);
    expect(lineage.spare(2)).toEqual(['before', 'lost-1', 'lost-2']);
    lineage.dropCheckpoint('retry');
    expect(lineage.present).toMatchObject({
      file: 'start',
      since: [{ steps: 9, purpose: 'commit' }],
    });
  });

  it('takes what came from a damaged file from the one before it, in presence and by name', () => {
    const lineage = new Lineage(0);
    keep(lineage, 'a');
    commit(lineage, 3);
    keep(lineage, 'b');
    lineage.follow({ kind: 'save', checkpoint: 'stage-1' }, SAVED);
    commit(lineage, 4);
    keep(lineage, 'c');
    lineage.dropCheckpoint('b');
    expect(lineage.named.get('stage-1')?.origin).toMatchObject({
      file: 'a',
      since: [{ steps: 3 }],
    });
    expect(lineage.present.file).toBe('c');
    lineage.dropCheckpoint('c');
    expect(lineage.present).toMatchObject({ file: 'a', since: [{ steps: 3 }, { steps: 4 }] });
    expect(lineage.isDurable).toBe(false);
  });

  it('does not take a commit that blew up for the committed path', () => {
    for (const end of ['diverged', 'halt'] as const) {
      const lineage = new Lineage(0);
      lineage.follow({ kind: 'save', checkpoint: 'stage-0' }, SAVED);
      commit(lineage, 3, end);
      expect(lineage.rollbackTarget).toBe('stage-0');
    }
  });

  it('keeps the LRs of a long run by their changes, and gives them back one by one', () => {
    const lineage = new Lineage(0);
    const stairs = Array.from({ length: 2000 }, (_, i) => 1 - Math.floor(i / 500) / 10);
    const losses = stairs.map(() => 1);
    for (const lr of [stairs, 0.5]) {
      const command = { kind: 'train', purpose: 'commit', steps: 2000, lr } as const;
      const at = { steps: 1900, step: 1900, lr: 1, seconds: 1, losses } as const;
      lineage.follow(command, { kind: 'trained', ...at });
    }
    const [listed, held] = lineage.present.since.map((done) => 'lr' in done && done.lr);
    expect(held).toBe(0.5);
    expect(listed).toHaveLength(4);
    expect(typeof listed === 'object' && fromRuns(listed)).toEqual(stairs.slice(0, 1900));
    expect(lineage.stepsAtRisk).toBe(3800);
  });
});
