/** What is told of a range test: its numbers on stdout, and why there are none on stderr. */

import { escapeLines } from '../../core/escape-controls.js';
import type { RangeReport } from '../../core/report/range-report.js';
import { renderFigureFile } from '../../display/figure/figure.js';
import { rangeFigure } from '../../display/range/figure.js';
import { describeRange, describeShortfall } from '../../display/range/sentences.js';
import { describeEnd } from '../../display/run/status.js';
import { describeFailure, type Outcome, tellFailure } from '../execute-run.js';
import { writeOutput } from '../files/write-output.js';
import { say, stdout } from '../output.js';
import { rangeDocument } from './range-document.js';

export interface RangeOutput {
  readonly json: boolean;
  readonly quiet: boolean;
  /** The file for the figure, if one is asked for. */
  readonly svg: string | undefined;
  /** Whether the run directory stays. */
  readonly keepsRun: boolean;
}

/** @throws AutolrsError `USAGE` when the figure cannot be written; the numbers are told then. */
export function reportRange(outcome: Outcome, report: RangeReport, output: RangeOutput): void {
  const { runResult, failure, exitCode } = outcome;
  const { steps, seconds, status } = runResult;
  const cost = { steps: steps.total, seconds: seconds.total };
  const error = failure === undefined ? undefined : { ...describeFailure(failure), exitCode };
  if (failure !== undefined) tellFailure(failure, output.quiet);
  else if (status === 'ended-early') say(describeShortfall(report, steps.total));
  else if (exitCode !== 0) say(describeEnd(runResult));
  if (output.json) {
    stdout.write(`${JSON.stringify(rangeDocument(runResult, report, error, output.keepsRun))}\n`);
  } else if (report.suggestion !== undefined) {
    stdout.write(
      describeRange(report, cost)
        .map((line) => `${escapeLines(line)}\n`)
        .join(''),
    );
  }
  const figure = output.svg === undefined ? undefined : rangeFigure(report);
  if (output.svg === undefined || figure === undefined) return;
  writeOutput(output.svg, renderFigureFile(figure));
  say(`wrote ${output.svg}`);
}
