/** The flags of `report`, checked. */

import { resolve } from 'node:path';
import { AutolrsError } from '../../core/errors.js';

/** What commander hands over. */
export interface RawReportFlags {
  readonly output?: string;
  readonly svg?: string;
  readonly markdown?: boolean;
  readonly baseline?: string;
  readonly json?: boolean;
}

export interface ReportSettings {
  /** One or more, as given; a baseline that is none of them comes first. */
  readonly dirs: readonly string[];
  /** Index of the run that the others are compared with. */
  readonly reference: number;
  /** Where the page goes; undefined: it is not asked for. */
  readonly output: string | undefined;
  /** Where the figures go, if they are asked for. */
  readonly svgDir: string | undefined;
  /** What goes to stdout. */
  readonly print: 'markdown' | 'json' | undefined;
}

/** More pages than these are no page. */
const MOST_RUNS = 26;

const DEFAULT_OUTPUT = 'report.html';

/** @throws AutolrsError `USAGE` naming the flag, the value and the remedy. */
export function readReportFlags(raw: RawReportFlags, runs: readonly string[]): ReportSettings {
  const { output, svg, markdown = false, baseline, json = false } = raw;
  const given = baseline === undefined ? 0 : runs.findIndex((run) => isSame(run, baseline));
  const dirs = baseline === undefined || given >= 0 ? runs : [baseline, ...runs];
  if (dirs.length > MOST_RUNS) {
    throw usage(`${dirs.length} runs were given; report at most ${MOST_RUNS} at a time`);
  }
  if (output === '') throw usage('--output is empty; name a file, or leave the flag out');
  if (svg === '') throw usage('--svg is empty; name a directory for the figures');
  if (markdown && json) {
    throw usage('--markdown and --json both print to stdout; leave one of them out');
  }
  const isOtherwise = svg !== undefined || markdown || json;
  return {
    dirs,
    reference: Math.max(0, given),
    output: output ?? (isOtherwise ? undefined : DEFAULT_OUTPUT),
    svgDir: svg,
    print: markdown ? 'markdown' : json ? 'json' : undefined,
  };
}

function isSame(one: string, other: string): boolean {
  return resolve(one) === resolve(other);
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
