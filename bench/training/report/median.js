/** The middle of the values, or the mean of the two middle ones; infinite values are in order. NaN if there is none. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b || 0);
  const middle = sorted.length / 2;
  if (Number.isInteger(middle)) return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
  return sorted[Math.floor(middle)];
}
