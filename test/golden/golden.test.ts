import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defaultGpBounds } from '../../src/core/search/gp.js';
import { golden } from './golden.js';

test('golden.json names the libraries that its numbers come from', () => {
  expect(Object.keys(golden.versions)).toEqual(['python', 'numpy', 'scipy', 'scikit-learn']);
  for (const version of Object.values(golden.versions)) expect(version).toMatch(/^\d+\.\d+/);
});

test('golden.json holds the cases that the tests loop over', () => {
  const counts = Object.entries(golden)
    .filter(([key]) => key !== 'versions')
    .map(([key, cases]) => [key, cases.length]);
  expect(Object.fromEntries(counts)).toEqual({
    random: 5,
    matern: 18,
    cholesky: 4,
    gpFixed: 33,
    gpFitted: 11,
    expectedImprovement: 12,
    exponential: 10,
    published: 7,
  });
});

// The tests read their inputs from the file. An edit by hand, or a generator run that drew others, shows here.
test('golden.json holds the inputs that were reviewed', () => {
  const inputs = [
    golden.random.map(({ seed }) => seed),
    golden.gpFixed.map(({ points, hyperparameters, at }) => [points, hyperparameters, at]),
    golden.gpFitted.map(({ points }) => points),
    golden.expectedImprovement.map(({ mean, sd, best }) => [mean, sd, best]),
    golden.exponential.map(({ steps, losses }) => [steps, losses]),
    golden.published.map(({ steps, losses, rounds, atStep }) => [steps, losses, rounds, atStep]),
  ];
  const digest = createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
  expect(digest.slice(0, 16)).toBe('cf4af0c78c8276c9');
});

test('generate.py searches within the bounds of the sources', () => {
  const source = readFileSync(new URL('generate.py', import.meta.url), 'utf8');
  const bounds = (name: string) => {
    const [, low, high] = new RegExp(`^${name} = \\((.+), (.+)\\)$`, 'm').exec(source) ?? [];
    return [Number(low), Number(high)];
  };
  expect(bounds('AMPLITUDE')).toEqual(defaultGpBounds.amplitude);
  expect(bounds('LENGTH_SCALE')).toEqual(defaultGpBounds.lengthScale);
  expect(bounds('NOISE')).toEqual(defaultGpBounds.noise);
});
