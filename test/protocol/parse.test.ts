import { describe, expect, it } from 'vitest';
import { parseNotification, parseResult, RESULTS } from '../../src/protocol/parse.js';

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

  it('quotes a result that nests deeper than the stack', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(() => parseResult('train', deep)).toThrow(
      /wrong: "result": invalid input: expected object, received array; the message was \[{117}\.\.\.$/,
    );
    expect(() => parseNotification('progress', deep)).toThrow('"params": invalid input');
  });

  it('complains of the first of many wrong items, and of no other', () => {
    // A complaint each of ten million items would take all memory.
    const wrong = ['x', 'x', {}];
    const handshake = { protocol: 1, trainer: { name: 't' }, step: 0, lr: 0.1 };
    const metrics = { a: 1, b: 'x', c: 'x' };
    const complaints = [
      RESULTS.initialize.safeParse({ ...handshake, groups: wrong }),
      RESULTS.initialize.safeParse({ ...handshake, holds: [1, 2, 3] }),
      RESULTS.train.safeParse({ ...TRAINED, losses: wrong }),
      RESULTS.validate.safeParse({ loss: 1, metrics, seconds: 0 }),
    ].map(({ error }) => error?.issues.map(({ path }) => path.join('.')));
    expect(complaints).toEqual([['groups.0'], ['holds.0'], ['losses.0'], ['metrics.b']]);
  });

  it('shortens a field’s name as it does a line', () => {
    const metrics = { [`${'x'.repeat(1_000_000)}`]: 'high' };
    const refused = errorOf(() => parseResult('validate', { loss: 1, metrics, seconds: 0 }));
    expect(refused.message).toContain('"metrics.xxx');
    expect(refused.message.length).toBeLessThan(400);
  });

  it('keeps metrics named as what every object has', () => {
    const metrics: unknown = JSON.parse('{"__proto__": 1, "constructor": null, "toString": 2}');
    const validated = parseResult('validate', { loss: 1, metrics, seconds: 0 });
    expect(Object.entries(validated.metrics ?? {})).toEqual([
      ['__proto__', 1],
      ['constructor', Number.NaN],
      ['toString', 2],
    ]);
  });

  it('refuses a duration that is a time of day, or that no sum of durations would survive', () => {
    for (const seconds of [1.7e9, 1e308]) {
      expect(() => parseResult('train', { ...TRAINED, seconds })).toThrow('"seconds": too big');
    }
    expect(parseResult('train', { ...TRAINED, seconds: 1e9 }).seconds).toBe(1e9);
  });
});

function errorOf(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was refused');
}
