import { describe, expect, it } from 'vitest';
import { parseResult } from '../../src/protocol/parse.js';

const TRAINED = { steps: 1, losses: [1], lr: 0.1, step: 1, seconds: 0 };

describe('parseResult', () => {
  it('reads a number that overflows as NaN, wherever a loss or a metric may stand', () => {
    const huge: unknown = JSON.parse('[1e999, -1e999]');
    expect(parseResult('train', { ...TRAINED, losses: huge }).losses).toEqual([
      Number.NaN,
      Number.NaN,
    ]);
    const validated = JSON.parse('{"loss":1e999,"metrics":{"perplexity":1e999},"seconds":0}');
    expect(parseResult('validate', validated)).toEqual({
      loss: Number.NaN,
      metrics: { perplexity: Number.NaN },
      seconds: 0,
    });
  });

  it('refuses an LR that overflows: unlike a loss it is the tuner’s own number', () => {
    expect(() => parseResult('train', { ...TRAINED, lr: Number.POSITIVE_INFINITY })).toThrow(
      '"lr"',
    );
  });

  it('quotes what it refuses, shortened to one line of a sentence', () => {
    const losses = Array.from({ length: 100_000 }, () => 'x');
    expect(() => parseResult('train', { ...TRAINED, losses })).toThrow(
      /^the trainer broke the protocol: its answer to "train" is wrong: "losses\.0": expected a number or null; the message was \{"steps":1,"losses":\["x".{90,100}\.\.\.$/,
    );
  });
});
