/** What a run has spent, in parts that add up: its steps, and its time. */

import type { RunResult } from '../../core/record/result.js';
import { formatCount, formatSeconds, formatShare } from '../text/format.js';

export interface CostPart {
  readonly name: string;
  readonly kind: 'committed' | 'search' | 'rolled-back' | 'lost' | 'other';
  readonly amount: number;
  /** As people read it. */
  readonly value: string;
  readonly share: string;
}

export interface CostLine {
  readonly name: 'steps' | 'time';
  readonly total: string;
  readonly parts: readonly CostPart[];
}

export function costOf({ steps, seconds }: RunResult): readonly CostLine[] {
  const { committed, search, rolledBack = 0, total, lost } = steps;
  const stepParts = [
    { name: 'committed', kind: 'committed', amount: committed },
    { name: 'search', kind: 'search', amount: search - rolledBack },
    { name: 'rolled back', kind: 'rolled-back', amount: rolledBack },
    { name: 'lost with a stopped process', kind: 'lost', amount: lost },
  ] as const;
  const other = Math.max(0, seconds.total - seconds.committed - seconds.search);
  const timeParts = [
    { name: 'committed', kind: 'committed', amount: seconds.committed },
    { name: 'search', kind: 'search', amount: seconds.search },
    { name: 'start, end and waiting', kind: 'other', amount: other },
  ] as const;
  return [
    { name: 'steps', total: formatCount(total + lost), parts: partsOf(stepParts, formatCount) },
    { name: 'time', total: formatSeconds(seconds.total), parts: partsOf(timeParts, formatSeconds) },
  ];
}

function partsOf(
  parts: readonly Pick<CostPart, 'name' | 'kind' | 'amount'>[],
  format: (amount: number) => string,
): readonly CostPart[] {
  const total = parts.reduce((sum, { amount }) => sum + amount, 0);
  return parts
    .filter(({ amount }) => amount > 0)
    .map((part) => ({
      ...part,
      value: format(part.amount),
      share: formatShare(part.amount, total),
    }));
}
