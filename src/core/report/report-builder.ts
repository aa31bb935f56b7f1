/** Folds the entries of a run into its report. Memory is bounded but for the decisions that its result keeps, too. */

import { runningMean } from '../compare/running-mean.js';
import type { Command, Reply, TrainedReply } from '../conversation/command.js';
import type { Decision } from '../conversation/decision.js';
import type { Metric } from '../metric.js';
import type { Entry } from '../record/entry.js';
import type { Ledger } from '../record/ledger.js';
import type { RunResult } from '../record/result.js';
import { BinnedSeries, type SeriesBin } from './binned-series.js';
import { DecisionLog } from './decision-log.js';
import type { BinnedCurve, RunReport } from './run-report.js';
import { StageSearches } from './stage-searches.js';
import { roundOrNull, sample, thinSchedule } from './thin.js';
import { TrialCurves } from './trial-curves.js';

/** Bins of a loss curve: two for each column of a wide picture. */
const MOST_BINS = 2400;

/** Changes of the LR. */
const MOST_CHANGES = 2400;

/** Rows of a table of stages. */
const MOST_STAGES = 200;

/** Probes that are kept of a stage, in that table. */
const MOST_PROBES = 60;

/** What is known of a run beside its entries. */
export interface ReportedRun {
  readonly strategy: string;
  /** Whether LRs are factors on the script's own as the run begins. */
  readonly isFactor: boolean;
  /** What it goes by, if not the loss. */
  readonly metric?: Metric | undefined;
}

export class ReportBuilder {
  readonly #training = new BinnedSeries(MOST_BINS);
  readonly #validation = new BinnedSeries(MOST_BINS);
  readonly #metricSeries = new BinnedSeries(MOST_BINS);
  readonly #metric: Metric | undefined;
  readonly #trials = new TrialCurves();
  readonly #searches: StageSearches;
  readonly #log = new DecisionLog();
  #isFactor: boolean;
  #asked: Command | undefined;
  /** Steps that the probe in progress was asked for first; 0 before. */
  #planned = 0;
  #committed = 0;

  constructor({ strategy, isFactor, metric }: ReportedRun) {
    this.#metric = metric;
    this.#searches = new StageSearches(strategy);
    this.#isFactor = isFactor;
  }

  /** @param ledger The run's, with this entry folded in. */
  add(entry: Entry, ledger: Ledger): void {
    if (entry.kind === 'command') this.#asked = entry.command;
    else if (entry.kind === 'reply' || entry.kind === 'slice') this.#hear(entry.reply, ledger);
    else if (entry.kind === 'decision') this.#decide(entry.decision, ledger);
    else if (entry.kind === 'printed') {
      this.#validate(ledger.committed, entry.losses.at(-1));
      this.#measure(ledger.committed, entry.metric?.at(-1));
    }
  }

  /** @param result The run's, of the same entries. */
  build(result: RunResult): RunReport {
    const { stages, schedule, steps } = result;
    return {
      result: {
        ...result,
        schedule: [],
        stages: sample(stages, MOST_STAGES).map((stage) => ({
          ...stage,
          probes: sample(stage.probes, MOST_PROBES),
        })),
      },
      stageCount: stages.length,
      lrs: thinSchedule(schedule, steps.committed, MOST_CHANGES),
      training: toCurve(this.#training, steps.committed),
      validation: toCurve(this.#validation, undefined),
      ...(this.#metric && { metric: toCurve(this.#metricSeries, undefined) }),
      trials: this.#trials.curves,
      trialCount: this.#trials.count,
      searches: this.#searches.build(),
      searchCount: this.#searches.count,
      decisions: this.#log.decisions,
      decisionCount: this.#log.count,
    };
  }

  #decide(decision: Decision, ledger: Ledger): void {
    this.#log.add(decision, ledger);
    if (decision.kind === 'factor-found') this.#isFactor = true;
    this.#searches.add(decision, this.#planned, this.#isFactor);
    if (decision.kind === 'probe-started') {
      const { lr } = decision;
      this.#trials.begin({ kind: 'probe', from: ledger.committed, lr });
      this.#planned = 0;
    } else if (decision.kind === 'probe-ended') this.#trials.end();
  }

  #hear(reply: Reply, { committed }: Ledger): void {
    const asked = this.#asked;
    if (reply.kind === 'restored' || reply.kind === 'begun') this.#goBack(committed);
    else if (reply.kind === 'saved') this.#trials.end();
    else if (reply.kind === 'trained' && asked?.kind === 'train') {
      if (asked.purpose === 'search') this.#search(reply, asked.steps, committed);
      else this.#commit(reply, committed);
    } else if (reply.kind === 'validated' && asked?.kind === 'validate') {
      if (asked.purpose !== 'commit') return;
      this.#validate(committed, reply.loss);
      const { name } = this.#metric ?? {};
      if (name !== undefined && asked.at === undefined) {
        this.#measure(committed, reply.metrics?.[name]);
      }
    }
  }

  #search({ losses }: TrainedReply, planned: number, committed: number): void {
    if (!this.#trials.isOpen) this.#trials.begin({ kind: 'ramp', from: committed });
    if (this.#planned === 0) this.#planned = planned;
    this.#trials.add(losses);
  }

  #commit({ losses, printed, printedMetric }: TrainedReply, committed: number): void {
    this.#trials.end();
    const from = committed - losses.length;
    losses.forEach((loss, i) => {
      this.#training.add(from + i + 1, loss);
    });
    this.#committed = committed;
    this.#validate(committed, printed?.at(-1));
    this.#measure(committed, printedMetric?.at(-1));
  }

  #validate(committed: number, loss: number | undefined): void {
    if (loss !== undefined) this.#validation.add(committed, loss);
  }

  #measure(committed: number, value = Number.NaN): void {
    if (this.#metric && Number.isFinite(value)) this.#metricSeries.add(committed, value);
  }

  #goBack(committed: number): void {
    this.#trials.end();
    if (committed >= this.#committed) return;
    this.#committed = committed;
    this.#trials.addRolledBack(committed, this.#training.cutAfter(committed));
    this.#validation.cutAfter(committed);
    this.#metricSeries.cutAfter(committed);
  }
}

/** As `compare` smooths: short against the run, long against the noise of a batch. */
const LEAST_WINDOW = 20;
const WINDOW_SHARE = 0.02;

/** @param smoothOver Committed steps of the run; undefined: its losses are taken as they came. */
function toCurve(series: BinnedSeries, smoothOver: number | undefined): BinnedCurve {
  const { bins } = series;
  const level =
    smoothOver === undefined
      ? []
      : levelsOf(bins, Math.max(LEAST_WINDOW, Math.round(WINDOW_SHARE * smoothOver)));
  return {
    steps: bins.map(({ step }) => step),
    mean: bins.map(({ mean }) => roundOrNull(mean)),
    low: bins.map(({ low }) => roundOrNull(low)),
    high: bins.map(({ high }) => roundOrNull(high)),
    level,
  };
}

/** Null where the mean is of fewer steps. */
function levelsOf(bins: readonly SeriesBin[], window: number): readonly (number | null)[] {
  const points = bins.map(({ step, mean }) => ({ total: step, committed: step, loss: mean }));
  const levels = new Map(
    runningMean(points, window).map(({ committed, loss }) => [committed, loss]),
  );
  return bins.map(({ step }) => roundOrNull(levels.get(step) ?? Number.NaN));
}
