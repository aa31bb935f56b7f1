import { describe, expect, it } from 'vitest';
import { parseResult } from '../../src/protocol/parse.js';
import { toFacts, toReply, toRequest } from '../../src/protocol/translate.js';

const TRAIN = { kind: 'train', purpose: 'search', steps: 3, lr: 0.05 } as const;
const TRAINED = { steps: 3, losses: [2, 1, 0.5], lr: 0.05, step: 3, seconds: 0.1 };

describe('toRequest', () => {
  it('says whether steps stay or are rolled back', () => {
    const params = { steps: 3, lr: 0.05, purpose: 'search' };
    expect(toRequest(TRAIN)).toEqual({ method: 'train', params });
    expect(toRequest({ ...TRAIN, purpose: 'commit' }).params).toMatchObject({ purpose: 'commit' });
    expect(toRequest({ ...TRAIN, haltAbove: 9 })).toEqual({
      method: 'train',
      params: { ...params, halt: 9 },
    });
    expect(toRequest({ kind: 'save', checkpoint: 'c' })).toEqual({
      method: 'save',
      params: { id: 'c' },
    });
  });
});

describe('toReply', () => {
  it('reads null losses as NaN and ignores unknown fields', () => {
    const result = { ...TRAINED, losses: [2, null, 1], gpu: 'H100' };
    expect(toReply(TRAIN, result)).toEqual({
      kind: 'trained',
      ...TRAINED,
      losses: [2, Number.NaN, 1],
    });
  });

  it('accepts an LR that a float32 optimizer has rounded', () => {
    expect(toReply(TRAIN, { ...TRAINED, lr: Math.fround(0.05) })).toMatchObject({
      kind: 'trained',
    });
  });

  it.each([0.05, 1e-3, 3.14e-5, 7e-6, 0.7])(
    'accepts an LR of %d that an optimizer has rounded to bfloat16 or float16, and no other near it',
    (lr) => {
      const command = { ...TRAIN, lr };
      const step = 2 ** (Math.floor(Math.log2(lr)) - 7);
      const bfloat16 = Math.round(lr / step) * step;
      const half = 2 ** (Math.max(Math.floor(Math.log2(lr)), -14) - 10);
      const float16 = Math.round(lr / half) * half;
      for (const rounded of [bfloat16, float16]) {
        expect(toReply(command, { ...TRAINED, lr: rounded })).toMatchObject({ kind: 'trained' });
      }
      expect(() => toReply(command, { ...TRAINED, lr: bfloat16 + step })).toThrow('was asked');
      expect(() => toReply(command, { ...TRAINED, lr: lr * 0.9997 })).toThrow('was asked');
    },
  );

  it('compares the LR of an array with that of the last step done', () => {
    const command = { ...TRAIN, lr: [0.1, 0.2, 0.3] };
    expect(
      toReply(command, { ...TRAINED, steps: 2, losses: [1, 1], lr: 0.2, end: 'data' }),
    ).toMatchObject({ steps: 2 });
    expect(() => toReply(command, { ...TRAINED, lr: 0.1 })).toThrow(
      'it trained at LR 0.1 when 0.3 was asked',
    );
  });

  const wrong: readonly (readonly [string, object, string])[] = [
    [
      'a halt that was not asked for',
      { ...TRAINED, steps: 2, losses: [1, 1], end: 'halt' },
      '"end" is "halt" when no "halt" was asked for',
    ],
    [
      'a divergence without a step',
      { ...TRAINED, steps: 0, losses: [], end: 'diverged' },
      '"end" is "diverged" when no step was done',
    ],
    ['a missing field', { ...TRAINED, seconds: undefined }, '"seconds"'],
    [
      'a loss in words',
      { ...TRAINED, losses: [1, 'x', 2] },
      '"losses.1": expected a number or null',
    ],
    [
      'more steps than asked',
      { ...TRAINED, steps: 4, losses: [1, 1, 1, 1] },
      '"steps" is 4 when 3 were asked',
    ],
    [
      'fewer losses than steps',
      { ...TRAINED, losses: [1] },
      '"losses" holds 1 numbers for 3 steps',
    ],
    ['an unexplained end', { ...TRAINED, steps: 1, losses: [1] }, '"end" does not say why'],
    ['an unknown end', { ...TRAINED, end: 'bored' }, '"end"'],
    ['a negative LR', { ...TRAINED, lr: -1 }, '"lr"'],
    ['a negative step', { ...TRAINED, step: -1 }, '"step"'],
    ['no object', [], 'expected object'],
  ];
  for (const [what, result, sentence] of wrong) {
    it(`refuses ${what}, naming it`, () => {
      expect(() => toReply(TRAIN, result)).toThrow(sentence);
    });
  }

  it('refuses the answer of another checkpoint', () => {
    const result = { id: 'b', step: 1, lr: 0.1, seconds: 0 };
    expect(() => toReply({ kind: 'restore', checkpoint: 'a' }, result)).toThrow(
      '"id" is "b" when "a" was meant',
    );
  });

  it('reads a hundred thousand losses in far less than the steps took', () => {
    const losses = Array.from({ length: 100_000 }, (_, i) => i);
    const reply = toReply(
      { ...TRAIN, steps: losses.length },
      { ...TRAINED, steps: losses.length, losses },
    );
    expect(reply).toMatchObject({ steps: 100_000 });
  });
});

describe('toFacts', () => {
  it('fills in what a minimal adapter leaves out', () => {
    const handshake = parseResult('initialize', {
      protocol: 1,
      trainer: { name: 't' },
      step: 0,
      lr: 0.1,
    });
    expect(toFacts(handshake)).toEqual({
      name: 't',
      step: 0,
      lr: 0.1,
      groups: [1],
      world: 1,
      can: { validate: false, disk: false, rewind: false, cancel: false },
      holds: [],
    });
  });
});
