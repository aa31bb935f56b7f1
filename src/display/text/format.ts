/** How numbers are written for people: short, aligned by the caller, never in a locale's way. */

/** Three significant digits, exponent form outside 0.001 to 10,000. */
export function formatLr(lr: number): string {
  return formatSignificant(lr, 3);
}

/** Four significant digits; `-` for an absent or non-finite loss. */
export function formatLoss(loss: number | null | undefined): string {
  if (loss === null || loss === undefined || !Number.isFinite(loss)) return '-';
  return formatSignificant(loss, 4);
}

/** `912 B`, `1.4 kB`, `320 MB`: powers of a thousand, as disks and `ls -h --si` have them. */
export function formatBytes(bytes: number): string {
  const rounded = Number(bytes.toPrecision(3)); // first, or 999,999 B were 1000 kB
  const power =
    rounded < 1000 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(rounded) / 3));
  return `${Number((rounded / 1000 ** power).toPrecision(3))} ${BYTE_UNITS[power]}`;
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Two significant digits: the uncertainty of an uncertainty deserves no more. */
export function formatSd(sd: number): string {
  return formatSignificant(sd, 2);
}

/** Whole numbers with thousands separated by commas. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `0.42 s`, `12 s`, `3 min 20 s`, `2 h 05 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(seconds < 0.995 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

/** For single steps: `0.42 ms`, `31 ms`, then as `formatSeconds` has it. */
export function formatShort(seconds: number): string {
  if (seconds >= 0.995) return formatSeconds(seconds);
  const ms = 1000 * seconds;
  return ms < 0.01 ? 'under 0.01 ms' : `${Number(ms.toPrecision(2))} ms`;
}

/** A share of a whole in per cent; `-` of nothing. */
export function formatShare(part: number, whole: number): string {
  return whole > 0 ? `${Math.round((100 * part) / whole)} %` : '-';
}

/** A share as per cent with two significant digits, without its sign: `0.31 %`, `3.1 %`, `12 %`. */
export function formatPercent(share: number): string {
  const percent = Math.abs(100 * share);
  return `${percent < 99.5 ? Number(percent.toPrecision(2)) : formatCount(Math.round(percent))} %`;
}

/** How many times as much: `1.19x`. */
export function formatRatio(ratio: number): string {
  return `${formatSignificant(ratio, 3)}x`;
}

export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

function formatSignificant(value: number, digits: number): string {
  if (value === 0) return '0';
  const magnitude = Math.abs(value);
  if (magnitude < 1e-3 || magnitude >= 1e4) {
    return value.toExponential(digits - 1).replace('e+', 'e');
  }
  return value.toPrecision(digits);
}
