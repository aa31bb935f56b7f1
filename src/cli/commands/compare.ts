/** `autolrs compare RUN RUN…`: whether runs were worth it, as a text for people or a document for programs. */

import { readComparable } from '../../app/compare/load-comparable.js';
import { nameRuns } from '../../app/compare/name-runs.js';
import { stdout } from '../../app/output.js';
import { type ComparableRun, compareRuns } from '../../core/compare/compare.js';
import { describeComparison } from '../../display/compare/comparison.js';
import type { CompareSettings } from '../flags/read-compare.js';
import { documentOf } from './compare-json.js';

const DEFAULT_COLUMNS = 80;

/** @throws AutolrsError when a run cannot be read, or cannot be compared with the others. */
export async function compareCommand(settings: CompareSettings): Promise<number> {
  const { paths, reference, loss, metric, targets, json } = settings;
  const names = nameRuns(paths);
  const runs: ComparableRun[] = [];
  for (const [i, path] of paths.entries()) {
    runs.push(await readComparable(path, names[i] ?? path));
  }
  const comparison = compareRuns(runs, { reference, loss, metric, targets });
  const text = json
    ? JSON.stringify(documentOf(comparison, paths))
    : describeComparison(comparison, stdout.columns ?? DEFAULT_COLUMNS).join('\n');
  stdout.write(`${text}\n`);
  return 0;
}
