/** `autolrs range -- COMMAND`: the LR range test. Nothing is left of it but what it tells. */

import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { makeTemporary } from '../../app/files/make-temporary.js';
import { reportRange } from '../../app/range/report-range.js';
import { RangeReportBuilder } from '../../core/report/range-report.js';
import { runCommand } from '../commands/run.js';
import type { RangeSettings } from './read-range.js';

const ENDS: ReadonlySet<string> = new Set(['range-found', 'finished']);

/** @throws AutolrsError before the script is started, or `USAGE` when the figure cannot be written. */
export async function rangeCommand({ svg, ...settings }: RangeSettings): Promise<number> {
  const { runDir, json, quiet } = settings;
  const scratch = runDir === undefined ? makeTemporary('autolrs-range-') : undefined;
  const builder = new RangeReportBuilder();
  const keepsRun = runDir !== undefined;
  try {
    return await runCommand(
      { ...settings, runDir: scratch ?? resolve(runDir ?? '') },
      {
        banner: 'finding the range of LRs; all of it is rolled back',
        observer: (entry) => {
          builder.add(entry);
          // How it ended is said with its numbers.
          return entry.kind !== 'decision' || !ENDS.has(entry.decision.kind);
        },
        report: (outcome) => reportRange(outcome, builder.report, { json, quiet, svg, keepsRun }),
      },
    );
  } finally {
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
  }
}
