/** The files of a report. Only what is a report of ours is written over. */

import { closeSync, existsSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { AutolrsError } from '../../core/errors.js';
import type { PageRun, ReportPage } from '../../core/report/report-page.js';
import { type Figure, renderFigureFile } from '../../display/figure/figure.js';
import { compareFigure } from '../../display/report/compare-figure.js';
import { costFigure } from '../../display/report/cost-figure.js';
import { forecastFigure } from '../../display/report/forecast-figure.js';
import { metricFigure } from '../../display/report/metric-figure.js';
import { renderPage } from '../../display/report/page.js';
import { runFigure } from '../../display/report/run-figure.js';
import { searchFigure } from '../../display/report/search-figure.js';
import { cannotWrite, writeOutput } from '../files/write-output.js';
import { readPageAssets } from '../page-assets.js';

/** Stands at the beginning of every page of ours. */
const MARK = 'name="generator" content="autolrs"';
const MARK_BYTES = 512;

/**
 * @returns The page's length in bytes.
 * @throws AutolrsError `USAGE` for a file that is not ours, or that cannot be written.
 */
export function writePage(page: ReportPage, path: string): number {
  const html = renderPage(page, readPageAssets());
  if (existsSync(path) && !isReport(path)) {
    throw new AutolrsError(
      'USAGE',
      `"${path}" is there and is not a report of autolrs; give another --output, or remove it`,
    );
  }
  writeOutput(path, html);
  return Buffer.byteLength(html);
}

/**
 * @returns The names of the files.
 * @throws AutolrsError `USAGE` when they cannot be written.
 */
export function writeFigures(page: ReportPage, dir: string): readonly string[] {
  const figures = [
    ...(page.comparison === undefined ? [] : [compareFigure(page.comparison)]),
    ...page.runs.flatMap((run) => figuresOf(run, page.runs.length > 1)),
  ].filter((figure) => figure !== undefined);
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    throw cannotWrite(dir, error);
  }
  return figures.map((figure) => {
    const path = join(dir, `${figure.name}.svg`);
    writeOutput(path, renderFigureFile(figure));
    return path;
  });
}

function figuresOf({ report, origin }: PageRun, areSeveral: boolean): (Figure | undefined)[] {
  const prefix = areSeveral ? `${origin.name.replace(/[^\w.-]+/g, '-')}-` : '';
  const made = [runFigure, metricFigure, searchFigure, forecastFigure, costFigure].map((draw) =>
    draw(report),
  );
  return made.map((figure) => figure && { ...figure, name: `${prefix}${figure.name}` });
}

function isReport(path: string): boolean {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(MARK_BYTES);
      return bytes.toString('latin1', 0, readSync(file, bytes)).includes(MARK);
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}
