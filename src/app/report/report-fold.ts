/** Folds the records of a journal into a run's part of a page: all of it, or as it grows. */

import { basename, extname } from 'node:path';
import { AutolrsError } from '../../core/errors.js';
import { recordedMetric } from '../../core/metric.js';
import { quoteForShell } from '../../core/quote-for-shell.js';
import { InOrder } from '../../core/record/batches/in-order.js';
import { ReportBuilder } from '../../core/report/report-builder.js';
import type {
  OriginTrainer,
  PageProgress,
  PageRun,
  RunOrigin,
} from '../../core/report/report-page.js';
import { Progress, type ProgressSnapshot } from '../../display/run/progress.js';
import type { RunningProcess } from '../../display/run/status.js';
import type { PlacedRecord } from '../../journal/read.js';
import { type LoadedRun, RunFold } from '../load-run.js';

/** The command that does the same as a run, in the words of the front end; undefined where there is none. */
export type SpellRun = (run: LoadedRun) => string | undefined;

export class ReportFold {
  readonly #name: string;
  readonly #fold: RunFold;
  readonly #spell: SpellRun;
  readonly #progress = new Progress();
  readonly #order = new InOrder();
  #report: ReportBuilder | undefined;

  /** @param name Tells the run from others on the page. */
  constructor(dir: string, name: string, spell: SpellRun) {
    this.#name = name;
    this.#fold = new RunFold(dir);
    this.#spell = spell;
  }

  get loaded(): LoadedRun {
    return this.#fold.loaded;
  }

  get ledger() {
    return this.#fold.ledger;
  }

  add(record: PlacedRecord): void {
    this.#fold.add(record);
    const { entry } = record;
    if (entry.kind === 'run') {
      const { strategy, options } = entry;
      const isFactor = options['keepSchedule'] === true && options['search'] !== 'apart';
      const metric = recordedMetric(options);
      this.#report = new ReportBuilder({ strategy, isFactor, metric });
    } else if (entry.kind !== 'trainer' && entry.kind !== 'resume' && entry.kind !== 'end') {
      for (const one of this.#order.add(entry)) {
        this.#report?.add(one, this.#fold.ledger);
        this.#progress.add(one);
      }
    }
  }

  /** @param process The process that runs it now. */
  page(process?: RunningProcess): PageRun {
    const { loaded } = this;
    if (this.#report === undefined) throw new AutolrsError('RUN_DIRECTORY_UNUSABLE', 'no run');
    const report = this.#report.build(loaded.result.build(loaded.status, loaded.seconds));
    const running = loaded.status === 'unfinished' ? process : undefined;
    const origin = originOf(loaded, this.#name, this.#spell(loaded), running);
    if (running === undefined) return { report, origin };
    return { report, origin: { ...origin, progress: progressOf(this.#progress.snapshot()) } };
  }
}

function progressOf({ activity, share, secondsLeft }: ProgressSnapshot): PageProgress {
  return {
    activity,
    ...(share !== undefined && { share }),
    ...(secondsLeft !== undefined && { secondsLeft }),
  };
}

function originOf(
  loaded: LoadedRun,
  name: string,
  reproduce: string | undefined,
  process: RunningProcess | undefined,
): RunOrigin {
  const { run, invocation, startedAt, machine, facts, error } = loaded;
  return {
    name,
    script: scriptOf(invocation.command),
    startedAt,
    version: run.autolrs,
    command: invocation.command.map(quoteForShell).join(' '),
    cwd: run.cwd,
    ...(reproduce !== undefined && { reproduce }),
    ...(machine && { machine }),
    ...(facts && { trainer: trainerOf(facts) }),
    ...(process && { process }),
    ...(error && { failure: error.message }),
  };
}

function trainerOf({
  name,
  version,
  framework,
  world,
  schedule,
}: NonNullable<LoadedRun['facts']>): OriginTrainer {
  return {
    name,
    ...(version !== undefined && { version }),
    ...(framework !== undefined && { framework }),
    world,
    ...(schedule && { schedule: schedule.name }),
  };
}

/** The file that is trained, by its name: not its interpreter, nor a launcher. */
export function scriptOf(command: readonly [string, ...string[]]): string {
  const script = command.find((word) => /^\.(py|[mc]?[jt]s|sh|ipynb|R|jl)$/.test(extname(word)));
  return basename(script ?? command[0]);
}
