/** Which way a metric is better. */

export function sayBetter(maximize: boolean): string {
  return maximize ? 'higher is better' : 'lower is better';
}
