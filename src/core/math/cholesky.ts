/**
 * Cholesky factors of small dense matrices, row-major in a `Float64Array`.
 *
 * Why not the library's: docs/decisions/0010-own-cholesky.md.
 */

export type Factorization =
  | { readonly kind: 'factor'; readonly factor: CholeskyFactor }
  | { readonly kind: 'not-positive-definite' };

export interface CholeskyFactor {
  readonly size: number;
  /** log |A|. */
  readonly logDeterminant: number;
  /** x with A x = `right`. */
  solve(right: Float64Array): Float64Array;
  /** x with L x = `right`, where A = L Lᵀ; its squared length is rightᵀ A⁻¹ right. */
  solveLower(right: Float64Array): Float64Array;
  /** A⁻¹, row-major. */
  inverse(): Float64Array;
}

/**
 * The factor L of the symmetric `matrix` = L Lᵀ (size² numbers, of which the lower triangle is read; it is not changed).
 *
 * A pivot that is not above zero, NaN included, yields `not-positive-definite`. An empty matrix has log-determinant 0.
 */
export function factorCholesky(matrix: Float64Array, size: number): Factorization {
  const lower = new Float64Array(size * size);
  let logDeterminant = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      const rest =
        at(matrix, row * size + column) - dotRows(lower, row * size, column * size, column);
      if (column < row) {
        lower[row * size + column] = rest / at(lower, column * size + column);
      } else if (rest > 0 && rest < Number.POSITIVE_INFINITY) {
        lower[row * size + row] = Math.sqrt(rest);
        logDeterminant += Math.log(rest);
      } else {
        return { kind: 'not-positive-definite' };
      }
    }
  }
  return { kind: 'factor', factor: asFactor(lower, size, logDeterminant) };
}

function asFactor(lower: Float64Array, size: number, logDeterminant: number): CholeskyFactor {
  const solveLower = (right: Float64Array) => forwardSubstitute(lower, size, right);
  return {
    size,
    logDeterminant,
    solveLower,
    solve: (right) => backSubstitute(lower, size, solveLower(right)),
    inverse: () => invert(lower, size),
  };
}

function forwardSubstitute(lower: Float64Array, size: number, right: Float64Array): Float64Array {
  const solution = new Float64Array(size);
  for (let row = 0; row < size; row++) {
    let rest = at(right, row);
    for (let k = 0; k < row; k++) rest -= at(lower, row * size + k) * at(solution, k);
    solution[row] = rest / at(lower, row * size + row);
  }
  return solution;
}

function backSubstitute(lower: Float64Array, size: number, right: Float64Array): Float64Array {
  const solution = new Float64Array(size);
  for (let row = size - 1; row >= 0; row--) {
    let rest = at(right, row);
    for (let k = row + 1; k < size; k++) rest -= at(lower, k * size + row) * at(solution, k);
    solution[row] = rest / at(lower, row * size + row);
  }
  return solution;
}

/** A⁻¹ = L⁻ᵀ L⁻¹, with the columns of L⁻¹ kept as rows so that both passes run along memory. */
function invert(lower: Float64Array, size: number): Float64Array {
  const lowerInverse = new Float64Array(size * size);
  for (let column = 0; column < size; column++) {
    const start = column * size;
    lowerInverse[start + column] = 1 / at(lower, column * size + column);
    for (let row = column + 1; row < size; row++) {
      let rest = 0;
      for (let k = column; k < row; k++)
        rest -= at(lower, row * size + k) * at(lowerInverse, start + k);
      lowerInverse[start + row] = rest / at(lower, row * size + row);
    }
  }
  const inverse = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = 0;
      for (let k = row; k < size; k++)
        sum += at(lowerInverse, row * size + k) * at(lowerInverse, column * size + k);
      inverse[row * size + column] = sum;
      inverse[column * size + row] = sum;
    }
  }
  return inverse;
}

function dotRows(values: Float64Array, left: number, right: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += at(values, left + k) * at(values, right + k);
  return sum;
}

/** The element that the caller knows to exist; the type checker does not. */
function at(values: Float64Array, index: number): number {
  return values[index] ?? 0;
}
