import { describe, expect, it } from 'vitest';
import { readBudget, readUntil, spellBudget } from '../../../src/cli/flags/read-budget.js';

describe('--budget', () => {
  it.each([
    ['1600', { budget: 1600 }],
    [' 1e4 ', { budget: 10_000 }],
    ['90s', { budgetSeconds: 90 }],
    ['30m', { budgetSeconds: 1800 }],
    ['30min', { budgetSeconds: 1800 }],
    ['2h', { budgetSeconds: 7200 }],
    ['1.5h', { budgetSeconds: 5400 }],
    ['1h30m', { budgetSeconds: 5400 }],
    ['1d 2h', undefined],
    ['1d2h', { budgetSeconds: 93_600 }],
    ['5ep', { budgetEpochs: 5 }],
    ['0.5 epochs', { budgetEpochs: 0.5 }],
    ['1epoch', { budgetEpochs: 1 }],
    ['', undefined],
    ['0s', undefined],
    ['0ep', undefined],
    ['-5m', undefined],
    ['5x', undefined],
    ['m', undefined],
    ['30m!', undefined],
    ['400d', undefined],
  ])('"%s" is %j', (text, expected) => {
    if (expected !== undefined) return expect(readBudget(text)).toEqual(expected);
    expect(() => readBudget(text)).toThrow(/^--budget is ".*give one of: 5000 \(steps\), 90s/);
  });

  it('is spelled so that it is read again', () => {
    for (const text of ['1600', '90s', '2h', '5ep', '0.5ep']) {
      const options = readBudget(text);
      expect(readBudget(spellBudget(options) ?? '')).toEqual(options);
    }
    expect(spellBudget({})).toBeUndefined();
  });
});

describe('--until', () => {
  const now = new Date(2026, 10, 30, 17, 30);
  const at = (day: number, ...time: [number, number, number?]) =>
    new Date(2026, 10, day, ...time).getTime();

  it('is today, or tomorrow where the time is over', () => {
    expect(readUntil('18:00', now)).toBe(at(30, 18, 0));
    expect(readUntil('18:00:30', now)).toBe(at(30, 18, 0, 30));
    expect(readUntil('6:05', now)).toBe(at(31, 6, 5));
    expect(readUntil('17:30', now)).toBe(at(31, 17, 30));
  });

  it('is a date and a time, of a zone too', () => {
    expect(readUntil('2026-12-01T18:00', now)).toBe(at(31, 18, 0));
    expect(readUntil('2026-12-01 18:00', now)).toBe(at(31, 18, 0));
    expect(readUntil('2027-01-01T00:00Z', now)).toBe(Date.UTC(2027, 0, 1));
  });

  it.each([
    ['25:00', 'give a time of day as 18:00'],
    ['tonight', 'give a time of day as 18:00'],
    ['', 'give a time of day as 18:00'],
    ['18', 'give a time of day as 18:00'],
    ['2026-12-01', 'give a time of day as 18:00'],
    ['2026-13-01T18:00', 'give a time of day as 18:00'],
    ['2026-11-30T17:00', 'which is over'],
    ['2030-01-01T00:00', 'more than a year away'],
  ])('refuses "%s"', (text, sentence) => {
    expect(() => readUntil(text, now)).toThrow(sentence);
  });
});
