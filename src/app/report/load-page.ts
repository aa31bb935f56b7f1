/** The page of some run directories, from their journals alone. */

import { resolve } from 'node:path';
import { type ComparableRun, compareRuns } from '../../core/compare/compare.js';
import { CurveBuilder } from '../../core/compare/curve.js';
import { AutolrsError } from '../../core/errors.js';
import { type PageRun, REPORT_VERSION, type ReportPage } from '../../core/report/report-page.js';
import { describeForPage } from '../../display/report/comparison.js';
import { readJournal } from '../../journal/read.js';
import { addToCurves, comparableOf } from '../compare/load-comparable.js';
import { nameRuns } from '../compare/name-runs.js';
import { say } from '../output.js';
import { ReportFold, type SpellRun } from './report-fold.js';
import { runningProcess } from './running-process.js';

/** @throws AutolrsError when a directory holds no readable journal. */
export async function loadPage(
  dirs: readonly string[],
  spell: SpellRun,
  reference = 0,
): Promise<ReportPage> {
  const names = nameRuns(dirs);
  const loaded: LoadedPageRun[] = [];
  for (const [i, dir] of dirs.entries()) {
    loaded.push(await loadPageRun(resolve(dir), names[i] ?? dir, spell, dirs.length > 1));
  }
  const runs = loaded.map(({ run }) => run);
  if (loaded.length < 2) return { version: REPORT_VERSION, runs };
  return { version: REPORT_VERSION, runs, ...compare(loaded, reference) };
}

interface LoadedPageRun {
  readonly run: PageRun;
  readonly comparable: () => ComparableRun;
}

async function loadPageRun(
  dir: string,
  name: string,
  spell: SpellRun,
  isCompared: boolean,
): Promise<LoadedPageRun> {
  const process = runningProcess(dir); // before its journal is read, or a run that ends meanwhile would seem cut off
  const fold = new ReportFold(dir, name, spell);
  const curves = new CurveBuilder();
  for await (const record of readJournal(dir, { onTorn: warnOfTornLine })) {
    fold.add(record);
    if (isCompared) addToCurves(curves, record.entry, fold.ledger);
  }
  return { run: fold.page(process), comparable: () => comparableOf(fold.loaded, curves, name) };
}

/** Runs that cannot be compared are shown all the same. */
function compare(
  loaded: readonly LoadedPageRun[],
  reference: number,
): Pick<ReportPage, 'comparison' | 'comparisonFailure'> {
  try {
    const runs = loaded.map(({ comparable }) => comparable());
    const comparison = compareRuns(runs, { reference, loss: 'auto', targets: [] });
    return { comparison: describeForPage(comparison) };
  } catch (error) {
    if (!(error instanceof AutolrsError)) throw error;
    return { comparisonFailure: error.message };
  }
}

function warnOfTornLine(): void {
  say('the journal ends in the middle of a line, which was left out');
}
