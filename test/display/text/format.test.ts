import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatLoss,
  formatLr,
  formatSeconds,
  formatShare,
} from '../../../src/display/text/format.js';

describe('numbers for people', () => {
  it('have few digits and no locale', () => {
    expect([0.05, 1e-4, 12_345, 0, 1].map(formatLr)).toEqual([
      '0.0500',
      '1.00e-4',
      '1.23e4',
      '0',
      '1.00',
    ]);
    expect([2.34567, Number.NaN, null, undefined].map(formatLoss)).toEqual([
      '2.346',
      '-',
      '-',
      '-',
    ]);
    expect([0, 999, 1000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567']);
    expect([0.123, 5, 59.6, 200, 7500].map(formatSeconds)).toEqual([
      '0.12 s',
      '5.0 s',
      '1 min 00 s',
      '3 min 20 s',
      '2 h 05 min',
    ]);
    expect([0, 999, 1000, 44_441, 999_999, 1.3e9, 2e15].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1 kB',
      '44.4 kB',
      '1 MB',
      '1.3 GB',
      '2000 TB',
    ]);
    expect([formatShare(1, 3), formatShare(0, 0)]).toEqual(['33 %', '-']);
  });
});
