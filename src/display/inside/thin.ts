/** A long series as a short one. */

/** At most `most` means over stretches whose lengths differ by one at most; a short series is itself. */
export function thinned(series: readonly number[], most: number): readonly number[] {
  if (series.length <= most) return series;
  return Array.from({ length: most }, (_, i) => {
    const from = Math.floor((i * series.length) / most);
    const to = Math.floor(((i + 1) * series.length) / most);
    return series.slice(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
  });
}
