/** Vectors and square matrices in flat arrays. */

/** Product of a square matrix, row by row in one array, with a vector. */
export function multiply(matrix: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length;
  const product = new Float64Array(size);
  for (let row = 0; row < size; row++) {
    let sum = 0;
    for (let column = 0; column < size; column++)
      sum += at(matrix, row * size + column) * at(vector, column);
    product[row] = sum;
  }
  return product;
}

export function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += at(left, i) * at(right, i);
  return sum;
}

/** The element that the caller knows to exist; the type checker does not. */
export function at(values: Float64Array, index: number): number {
  return values[index] ?? 0;
}
