import { expect, test } from 'vitest';
import { factorCholesky } from '../../../src/core/math/cholesky.js';
import { golden } from '../../golden/golden.js';

// NumPy solves the same well-conditioned systems; what differs is rounding.
const digits = 10;

test.each(golden.cholesky)('factor of a $size x $size matrix agrees with NumPy', (known) => {
  const { factor } = mustFactor(known.matrix, known.size);
  expect(factor.logDeterminant).toBeCloseTo(known.logDeterminant, digits);
  expectClose(factor.solve(Float64Array.from(known.right)), known.solution);
  expectClose(factor.solveLower(Float64Array.from(known.right)), known.lowerSolution);
  expectClose(factor.inverse(), known.inverse);
});

test.each([
  ['indefinite', [1, 2, 2, 1]],
  ['singular', [1, 1, 1, 1]],
  ['negative', [-1, 0, 0, -1]],
  ['with a NaN', [1, Number.NaN, Number.NaN, 1]],
  ['infinite', [Number.POSITIVE_INFINITY, 0, 0, 1]],
])('a matrix that is %s is not positive definite', (_, matrix) => {
  expect(factorCholesky(Float64Array.from(matrix), 2)).toEqual({ kind: 'not-positive-definite' });
});

test('only the lower triangle is read, and nothing is changed', () => {
  const matrix = Float64Array.from([4, 99, 2, 3]);
  const { factor } = mustFactor([...matrix], 2);
  expect(factor.logDeterminant).toBeCloseTo(Math.log(8), 14);
  factorCholesky(matrix, 2);
  expect([...matrix]).toEqual([4, 99, 2, 3]);
});

test('an empty matrix has determinant 1', () => {
  const { factor } = mustFactor([], 0);
  expect(factor.logDeterminant).toBe(0);
  expect(factor.solve(new Float64Array(0))).toHaveLength(0);
});

test.each([1e-150, 1e150])('a matrix in units of %s is factored', (unit) => {
  const { factor } = mustFactor([4 * unit, 0, 2 * unit, 3 * unit], 2);
  expectClose(factor.solve(Float64Array.from([8 * unit, 7 * unit])), [1.25, 1.5]);
});

function mustFactor(matrix: readonly number[], size: number) {
  const result = factorCholesky(Float64Array.from(matrix), size);
  if (result.kind !== 'factor') return expect.fail('not positive definite');
  return result;
}

function expectClose(actual: Float64Array, expected: readonly number[]) {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, digits);
  });
}
