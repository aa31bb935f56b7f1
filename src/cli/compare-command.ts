/** `autolrs compare RUN RUN…`: whether runs were worth it, as a text for people or a document for programs. */

import { basename, resolve } from 'node:path';
import { type ComparableRun, compareRuns } from '../core/compare/compare.js';
import { visible } from '../core/visible.js';
import { describeComparison } from '../display/comparison.js';
import { documentOf } from './compare-document.js';
import type { CompareSettings } from './compare-options.js';
import { stdout } from './output.js';
import { readComparable } from './read-comparable.js';

const DEFAULT_COLUMNS = 80;

/** @throws AutolrsError when a run cannot be read, or cannot be compared with the others. */
export async function compareCommand(settings: CompareSettings): Promise<number> {
  const { paths, reference, loss, targets, json } = settings;
  const names = nameAll(paths);
  const runs: ComparableRun[] = [];
  for (const [i, path] of paths.entries()) {
    runs.push(await readComparable(path, names[i] ?? path));
  }
  const comparison = compareRuns(runs, { reference, loss, targets });
  const text = json
    ? JSON.stringify(documentOf(comparison, paths))
    : describeComparison(comparison, stdout.columns ?? DEFAULT_COLUMNS).join('\n');
  stdout.write(`${text}\n`);
  return 0;
}

/** The last part of each path where that tells them apart, else all of it. */
function nameAll(paths: readonly string[]): readonly string[] {
  const short = paths.map((path) => visible(basename(resolve(path))));
  return short.map((name, i) =>
    short.indexOf(name) === short.lastIndexOf(name) ? name : visible(paths[i] ?? name),
  );
}
