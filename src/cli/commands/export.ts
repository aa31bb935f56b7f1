/** `autolrs export DIR --to …`: the schedule of a run as code or data that needs no autolrs. */

import { resolve } from 'node:path';
import { writeOutput } from '../../app/files/write-output.js';
import { loadRun } from '../../app/load-run.js';
import { say, stdout } from '../../app/output.js';
import { AutolrsError } from '../../core/errors.js';
import { type ExportedSchedule, exportSchedule } from '../../core/export/exported.js';
import { NO_DEVIATION } from '../../core/export/python.js';
import { codeFor, isCode } from '../../core/export/targets.js';
import type { RunResult } from '../../core/record/result.js';
import { formatLr, formatPercent } from '../../display/text/format.js';
import type { ExportSettings } from '../flags/read-export.js';

/** More corners than these are no code that a person reads. */
const MOST_KNOTS = 5000;

/** @throws AutolrsError when the run cannot be read or has no schedule, or a file not be written. */
export async function exportCommand(directory: string, settings: ExportSettings): Promise<number> {
  const { target, fit, output } = settings;
  const { result, status, seconds } = await loadRun(resolve(directory));
  const built = result.build(status, seconds);
  const { committed } = built.steps;
  if (committed === 0) {
    throw new AutolrsError(
      'RUN_DIRECTORY_UNUSABLE',
      `the run in "${directory}" has committed nothing, so it has no schedule; export it once it has`,
    );
  }
  if (isCode(target)) assertHasLrs(built);
  const exported = exportSchedule(built.run.id, built.schedule, committed, fit);
  const text = isCode(target)
    ? codeFor(target, assertReadable(exported))
    : target === 'csv'
      ? csvOf(built)
      : jsonOf(built, exported);
  if (output === undefined) stdout.write(text);
  else {
    writeOutput(output, text);
    say(`wrote ${output}`);
  }
  if (exported.fit !== undefined) say(describeFit(exported.fit));
  return 0;
}

/** A factor says nothing without the schedule that it is on. */
function assertHasLrs({ keepSchedule, schedule, run }: RunResult): void {
  if (!keepSchedule) return;
  const factors = new Set(schedule.map(({ lr }) => lr));
  const [only] = factors;
  const remedy =
    factors.size === 1 && only !== undefined
      ? `multiply the LR of its optimizer by ${formatLr(only)}, and keep its schedule`
      : 'give --to csv or --to json, and multiply its LR by them';
  throw new AutolrsError(
    'USAGE',
    `run ${run.id} kept the script's own schedule, and what it found are factors on that; ${remedy}`,
  );
}

function assertReadable(exported: ExportedSchedule): ExportedSchedule {
  const { form, run } = exported;
  if (form.kind !== 'knots' || form.knots.steps.length <= MOST_KNOTS) return exported;
  throw new AutolrsError(
    'USAGE',
    `the schedule of run ${run} has ${form.knots.steps.length} corners, too many for code; give --fit piecewise, or --to csv`,
  );
}

function csvOf({ schedule, keepSchedule }: RunResult): string {
  const rows = schedule.map(({ step, lr }) => `${step},${lr}\n`);
  return `step,${keepSchedule ? 'factor' : 'lr'}\n${rows.join('')}`;
}

/** As `schedule.json`, or the fit in place of the schedule. */
function jsonOf(
  { run, keepSchedule, schedule, steps }: RunResult,
  exported: ExportedSchedule,
): string {
  const { fit, form } = exported;
  const head = {
    version: 1,
    run: run.id,
    steps: steps.committed,
    ...(keepSchedule && { keepSchedule }),
  };
  if (fit === undefined) return `${JSON.stringify({ ...head, schedule }, null, 2)}\n`;
  const { steps: _, ...shape } = form.kind === 'cosine' ? form : { steps: 0, ...form };
  return `${JSON.stringify({ ...head, fit: { name: fit.name, deviation: fit.deviation, ...shape } }, null, 2)}\n`;
}

function describeFit({ name, deviation }: NonNullable<ExportedSchedule['fit']>): string {
  const { largest, typical } = deviation;
  if (largest < NO_DEVIATION) return `the schedule is one of this shape (${name})`;
  return `the fit (${name}) is at most ${formatPercent(largest)} of the highest LR away from the schedule, ${formatPercent(typical)} typically`;
}
