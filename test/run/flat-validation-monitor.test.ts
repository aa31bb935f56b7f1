import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/core/record/entry.js';
import { FlatValidationMonitor } from '../../src/run/flat-validation-monitor.js';

const trained: Entry = {
  kind: 'reply',
  reply: { kind: 'trained', steps: 1, losses: [1], lr: 0.1, step: 1, seconds: 0 },
};

const validated = (loss: number): Entry => ({
  kind: 'reply',
  reply: { kind: 'validated', loss, seconds: 0 },
});

/** What is said of these validations, with a training between each two of them. */
function warningsAt(losses: readonly number[], between: readonly Entry[] = [trained]) {
  const warnings: string[] = [];
  const monitor = new FlatValidationMonitor((message) => warnings.push(message));
  for (const loss of losses) for (const entry of [validated(loss), ...between]) monitor.add(entry);
  return warnings;
}

describe('FlatValidationMonitor', () => {
  it('warns once of a validation that never changes, and names its value', () => {
    const warnings = warningsAt(new Array<number>(50).fill(0.25));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^validate returned 0\.25 each of 6 times, before and after training: let/,
    );
  });

  it('says nothing of one that changes, if only late, of a few, or of one that is not a number', () => {
    expect(warningsAt([1, 1, 1, 1, 1, 0.99, 1, 1, 1, 1, 1, 1, 1])).toEqual([]);
    expect(warningsAt([1, 1, 1])).toEqual([]);
    expect(warningsAt(new Array<number>(50).fill(Number.NaN))).toEqual([]);
  });

  it('says nothing where nothing is trained in between', () => {
    expect(warningsAt(new Array<number>(50).fill(1), [])).toEqual([]);
  });
});
