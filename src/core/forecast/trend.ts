/** Which way a series went, between its first and its last step. */
export type Trend = 'falling' | 'flat' | 'rising';

/** The direction of a `change`, or `flat` within two standard errors; an exact zero is flat. */
export function trendOf(change: number, standardError: number): Trend {
  if (!(Math.abs(change) > 2 * standardError)) return 'flat';
  return change < 0 ? 'falling' : 'rising';
}
