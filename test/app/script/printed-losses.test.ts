import { describe, expect, it } from 'vitest';
import { PrintedLossReader } from '../../../src/app/script/printed-losses.js';

function found(pattern: string, ...chunks: readonly string[]): readonly number[] {
  const losses = new PrintedLossReader(pattern);
  for (const chunk of chunks) losses.add(Buffer.from(chunk), 'stdout');
  return losses.take();
}

describe('losses that a script prints', () => {
  const pattern = 'val loss ([0-9.e+-]+|nan|inf)';

  it('are the first group of the pattern, once a line is whole', () => {
    expect(found(pattern, 'step 0: train loss 4.3, val loss 4.25\nstep 250: val loss 2.')).toEqual([
      4.25,
    ]);
    expect(found(pattern, 'val lo', 'ss 2.5', '\n')).toEqual([2.5]);
  });

  it('are found at the end of a progress bar too', () => {
    expect(found(pattern, '10 % val loss 3\r20 % val loss 2\r30 %')).toEqual([3, 2]);
  });

  it('that are not finite are told, and what is no number is not', () => {
    expect(found(pattern, 'val loss nan\nval loss inf\nval loss .\n')).toEqual([
      Number.NaN,
      Number.NaN,
    ]);
    expect(found('loss (.*)', 'loss \nloss unknown\n')).toEqual([]);
  });

  it('come once', () => {
    const losses = new PrintedLossReader(pattern);
    losses.add(Buffer.from('val loss 1\n'), 'stdout');
    expect(losses.take()).toEqual([1]);
    expect(losses.take()).toEqual([]);
  });

  it('of stdout and stderr do not run into each other', () => {
    const losses = new PrintedLossReader(pattern);
    losses.add(Buffer.from('val loss 1'), 'stdout');
    losses.add(Buffer.from('val loss 2\n'), 'stderr');
    losses.add(Buffer.from('5\n'), 'stdout');
    expect(losses.take()).toEqual([2, 15]);
  });
});
