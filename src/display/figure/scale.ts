/** Scales of a figure: from values to pixels, with ticks where a reader expects them. */

import { formatCount } from '../text/format.js';

export interface FigureScale {
  readonly isLog: boolean;
  /** The pixel of a value, which may lie outside. */
  at(value: number): number;
  readonly ticks: readonly AxisTick[];
}

export interface AxisTick {
  readonly value: number;
  readonly label: string;
}

/** Where values lie, and which pixels they get: the first for `low`. */
export interface ScaleBounds {
  readonly low: number;
  readonly high: number;
  readonly pixels: readonly [number, number];
  /** About how many ticks. */
  readonly ticks?: number;
  readonly format?: (value: number) => string;
}

const USUAL_TICKS = 5;

export function linearScale(bounds: ScaleBounds): FigureScale {
  const { low, high, pixels, ticks = USUAL_TICKS, format = formatTick } = bounds;
  const span = high - low || 1;
  const [from, to] = pixels;
  const at = (value: number) => from + ((value - low) / span) * (to - from);
  const values = linearTicks(low, high, ticks);
  return { isLog: false, at, ticks: values.map((value) => ({ value, label: format(value) })) };
}

/** @param bounds `low` is above 0. */
export function logScale(bounds: ScaleBounds): FigureScale {
  const { low, high, pixels, ticks = USUAL_TICKS, format = formatTick } = bounds;
  const span = Math.log(high / low) || 1;
  const [from, to] = pixels;
  const at = (value: number) => from + (Math.log(value / low) / span) * (to - from);
  const values = logTicks(low, high, ticks);
  return { isLog: true, at, ticks: values.map((value) => ({ value, label: format(value) })) };
}

/** Multiples of 1, 2 or 5 times a power of ten within the bounds. */
export function linearTicks(low: number, high: number, most: number): readonly number[] {
  const rough = (high - low) / Math.max(1, most);
  if (!(rough > 0) || !Number.isFinite(rough)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((m) => m >= rough * 0.999) ?? 10 * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** Powers of ten; with few of them also twice and five times each; with none, as on a linear scale. */
export function logTicks(low: number, high: number, most: number): readonly number[] {
  const decades = Math.log10(high / low);
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const factors = decades > most ? [1] : decades > most / 2.5 ? [1, 3] : [1, 2, 5];
  const stride = Math.max(1, Math.ceil(decades / most));
  const values: number[] = [];
  for (let power = first; power <= last; power++) {
    if ((power - first) % stride !== 0) continue;
    values.push(...factors.map((factor) => Number(`${factor}e${power}`)));
  }
  const inside = values.filter((value) => value >= low * 0.999 && value <= high * 1.001);
  return inside.length >= 3 ? inside : linearTicks(low, high, most).filter((value) => value > 0);
}

/** Short: `0.05`, `2,000`, `1e-5`. */
export function formatTick(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 1e6 || (magnitude > 0 && magnitude < 1e-3)) {
    return Number(value.toPrecision(3)).toExponential().replace('e+', 'e');
  }
  return Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(4)));
}
