import { describe, expect, it } from 'vitest';
import { FirstLine } from '../../../src/trainer/transport/first-line.js';

const bytes = (text: string) => Buffer.from(text);

describe('FirstLine', () => {
  it('puts the line together from pieces, whatever they cut in two, and gives back the rest', () => {
    const line = new FirstLine();
    const [first, second] = [bytes('{"é'), bytes('é"}\n{"rest')];
    expect(line.push(first.subarray(0, -1))).toEqual({ kind: 'begun' });
    expect(line.push(Buffer.concat([first.subarray(-1), second]))).toEqual({
      kind: 'whole',
      line: '{"éé"}',
      rest: bytes('{"rest'),
    });
  });

  it('holds 64 KiB and not one byte more, in one piece or many', () => {
    const [half, rest] = [bytes('x'.repeat(32_768)), bytes('y')];
    const line = new FirstLine();
    expect(line.push(half)).toEqual({ kind: 'begun' });
    expect(line.push(half)).toEqual({ kind: 'begun' });
    expect(line.push(rest)).toEqual({ kind: 'too-long' });
    expect(new FirstLine().push(bytes(`${'x'.repeat(65_537)}\n`))).toEqual({ kind: 'too-long' });
    expect(new FirstLine().push(bytes(`${'x'.repeat(65_536)}\n`))).toMatchObject({ kind: 'whole' });
  });
});
