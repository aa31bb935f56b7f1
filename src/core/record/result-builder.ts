/**
 * Folds the entries of a run, in their order, into its result.
 *
 * The run folds entries as they happen and `show` folds them from the journal, so both say the same.
 */

import { stepsOf } from '../conversation/batch.js';
import type {
  Command,
  Reply,
  TrainCommand,
  TrainedReply,
  ValidateCommand,
  ValidatedReply,
} from '../conversation/command.js';
import type { Decision, Interval } from '../conversation/decision.js';
import type { MetricPoint } from '../metric.js';
import { MetricRecord } from '../metric-record.js';
import { WorkerRecord } from './batches/worker-record.js';
import { cutSchedule, extendSchedule, type Schedule } from './committed-schedule.js';
import type { Entry, ProbeReplyEntry } from './entry.js';
import { bandOf, ForecastScores } from './forecast-scores.js';
import { addSteps, EMPTY_LEDGER, type Ledger, rollBackTo, totalSteps } from './ledger.js';
import { LossLevel } from './loss-level.js';
import {
  type FactoredSchedule,
  type ProbeResult,
  RESULT_VERSION,
  type RunFacts,
  type RunResult,
  type RunStatus,
  type StageResult,
} from './result.js';

/** What of the committed path a restore may have to bring back. */
interface CommittedPath {
  readonly ledger: Ledger;
  readonly seconds: number;
  readonly level: LossLevel;
  readonly validation: { readonly loss: number; readonly step: number } | undefined;
  readonly metric: MetricRecord;
  /** Which weights these are; undefined before averages of them were kept. */
  readonly weights: RunResult['weights'];
  /** The last evaluation of each average of the weights, by its power. */
  readonly averages: ReadonlyMap<number, Evaluation>;
  /** Committed steps since the newest file on the path. */
  readonly unsaved: number;
}

interface Evaluation {
  readonly loss: number;
  readonly step: number;
  readonly metric: MetricPoint | undefined;
}

const EMPTY_PATH: CommittedPath = {
  ledger: EMPTY_LEDGER,
  seconds: 0,
  level: LossLevel.empty(),
  validation: undefined,
  metric: MetricRecord.of(undefined),
  weights: undefined,
  averages: new Map(),
  unsaved: 0,
};

/** Ends after which committed steps may be in no file: else they are, or the script has written its model. */
const MAY_BE_UNSAVED: ReadonlySet<RunStatus> = new Set(['interrupted', 'failed', 'unfinished']);

/** Folds entries into a result. Keeps no losses, so its memory grows with stages, probes and changes of the LR alone. */
export class ResultBuilder {
  readonly #facts: RunFacts;
  #asked: Command | undefined;
  #startStep: number | undefined;
  #path: CommittedPath;
  readonly #saved = new Map<string, CommittedPath>();
  /** Steps of the last command that are answered already, by slices. */
  #answered = 0;
  #lostSteps = 0;
  #rolledBackSteps = 0;
  #failures = 0;
  #hasCheckpoint = false;
  #searchSeconds = 0;
  #interval: Interval | undefined;
  readonly #forecastScores = new ForecastScores();
  /** Steps of the stage under way, as its forecast meant them. */
  #stageSteps = 0;
  #rolledBackStage: number | undefined;
  #neverFinite: RunResult['neverFinite'];
  #unsoundStep: RunResult['unsoundStep'];
  #flat: RunResult['flat'];
  #returned: RunResult['returned'];
  #unused: RunResult['unused'];
  #range: RunResult['range'];
  #schedule: Schedule = [];
  #keepsSchedule: boolean;
  #factorOf: RunResult['factorOf'];
  readonly #workers = new WorkerRecord();
  readonly #stages: Mutable<StageResult & { probes: ProbeResult[] }>[] = [];

  constructor(facts: RunFacts) {
    this.#facts = facts;
    this.#path = { ...EMPTY_PATH, metric: MetricRecord.of(facts.metric) };
    this.#keepsSchedule = facts.keepSchedule ?? false;
  }

  /** Whether there is something on disk from which the run can go on. */
  get hasCheckpoint(): boolean {
    return this.#hasCheckpoint;
  }

  /** Whether a search apart has found the factor that the run trains at. */
  get hasFactor(): boolean {
    return this.#factorOf !== undefined;
  }

  /** Whether the script has shaken hands. */
  get hasBegun(): boolean {
    return this.#startStep !== undefined;
  }

  get ledger(): Ledger {
    return this.#path.ledger;
  }

  /** The trainer's own step count when the run began, from its handshake. */
  begin(startStep: number): void {
    this.#startStep ??= startStep;
  }

  add(entry: Entry): void {
    switch (entry.kind) {
      case 'command':
        this.#asked = entry.command;
        this.#answered = 0;
        return;
      case 'reply':
      case 'slice':
        this.#addReply(entry.reply);
        return;
      case 'decision':
        this.#addDecision(entry.decision);
        return;
      case 'probe-reply':
        this.#addProbe(entry);
        return;
      case 'worker':
        this.#workers.add(entry);
        return;
      case 'lost':
        this.#lostSteps += entry.steps;
        return;
      case 'checkpoint':
        this.#hasCheckpoint = true;
        this.#noteFile();
        return;
      case 'extension':
        this.#forecastScores.drop('run'); // the end that they spoke of never came
        this.#returned = undefined;
        this.#unused = undefined;
        return;
      case 'printed':
        this.#print(entry);
        return;
      case 'rolled-back':
      case 'started':
      case 'recovered':
      case 'checkpoint-damaged':
      case 'checkpoint-begun':
      case 'checkpoint-removed':
      case 'batch':
        return;
      default:
        entry satisfies never;
    }
  }

  /** The result so far. `seconds` is the run's wall time. */
  build(status: RunStatus, seconds: number): RunResult {
    const { ledger, level, validation, unsaved } = this.#path;
    const interval = this.#interval;
    const metric = this.#path.metric.result;
    return {
      version: RESULT_VERSION,
      run: { id: this.#facts.id, dir: this.#facts.dir },
      status,
      strategy: this.#facts.strategy,
      keepSchedule: this.#keepsSchedule,
      ...(this.#factorOf && { factorOf: this.#factorOf }),
      seed: this.#facts.seed,
      steps: {
        ...ledger,
        ...(this.#rolledBackSteps > 0 && { rolledBack: this.#rolledBackSteps }),
        total: totalSteps(ledger),
        lost: this.#lostSteps,
        ...(unsaved > 0 && MAY_BE_UNSAVED.has(status) && { unsaved }),
      },
      ...(this.#failures > 0 && { failures: this.#failures }),
      ...this.#workers.result,
      seconds: { search: this.#searchSeconds, committed: this.#path.seconds, total: seconds },
      loss: {
        first: level.first ?? null,
        last: level.last ?? null,
        best: level.best ?? null,
        ...(validation && { validation: validation.loss, validationStep: validation.step }),
      },
      ...(metric && { metric }),
      ...(this.#neverFinite && { neverFinite: this.#neverFinite }),
      ...(this.#unsoundStep !== undefined && { unsoundStep: this.#unsoundStep }),
      ...(this.#flat && { flat: this.#flat }),
      ...(this.#path.weights && { weights: this.#path.weights }),
      ...(this.#returned && { returned: this.#returned }),
      ...(this.#unused !== undefined && { unused: this.#unused }),
      forecasts: this.#forecastScores.forecasts,
      ...(this.#range && { range: this.#range }),
      interval: interval ? { min: interval.min, max: interval.max, from: interval.from } : null,
      stages: this.#stages.map((stage) => ({ ...stage, probes: [...stage.probes] })),
      schedule: this.#schedule,
    };
  }

  #addReply(reply: Reply): void {
    const asked = this.#asked;
    if ('failure' in reply) this.#failures++;
    switch (reply.kind) {
      case 'saved':
        if (asked?.kind === 'save') this.#saved.set(asked.checkpoint, this.#path);
        this.#searchSeconds += reply.seconds;
        return;
      case 'begun':
        this.#begin();
        return;
      case 'restored':
        if (asked?.kind === 'restore') this.#restore(asked.checkpoint, reply.step);
        this.#searchSeconds += reply.seconds;
        return;
      case 'discarded':
        if (asked?.kind === 'discard') this.#saved.delete(asked.checkpoint);
        return;
      case 'trained':
        if (asked?.kind === 'train') this.#train(asked, reply);
        return;
      case 'validated':
        if (asked?.kind === 'validate') this.#validate(asked, reply);
        return;
      case 'adopted':
        if (asked?.kind === 'adopt') this.#adopt(asked.at);
        return;
      case 'timed':
        return;
      default:
        reply satisfies never;
    }
  }

  /** Each counts when it comes: a batch of which a part was done has cost that part. */
  #addProbe({ answer, worker }: ProbeReplyEntry): void {
    this.#workers.addProbe(worker);
    for (const reply of answer) {
      if ('failure' in reply) this.#failures++;
      this.#searchSeconds += reply.seconds;
    }
    const { ledger } = this.#path;
    this.#path = { ...this.#path, ledger: addSteps(ledger, 'search', stepsOf(answer)) };
  }

  #train({ purpose, lr, average }: TrainCommand, reply: TrainedReply): void {
    const { ledger, seconds, level, validation, metric, averages, unsaved } = this.#path;
    const next = addSteps(ledger, purpose, reply.steps);
    if (purpose === 'search') {
      this.#searchSeconds += reply.seconds;
      this.#path = { ...this.#path, ledger: next };
      return;
    }
    const printed = reply.printed?.at(-1);
    const lrs = typeof lr === 'number' ? lr : lr.slice(this.#answered);
    this.#schedule = extendSchedule(this.#schedule, ledger.committed, reply.steps, lrs);
    this.#answered += reply.steps;
    this.#path = {
      ledger: next,
      seconds: seconds + reply.seconds,
      level: level.after(reply.losses),
      validation: printed === undefined ? validation : { loss: printed, step: next.committed },
      metric: metric.with(lastFinite(reply.printedMetric, next.committed)),
      weights: average && 'raw',
      averages: average ? averages : EMPTY_PATH.averages,
      unsaved: unsaved + reply.steps,
    };
    const stage = this.#stages.at(-1);
    if (stage) stage.steps = next.committed - stage.from;
  }

  #print({ losses, metric: values }: Extract<Entry, { kind: 'printed' }>): void {
    const loss = losses.at(-1);
    const { ledger, metric, validation } = this.#path;
    const step = ledger.committed;
    this.#path = {
      ...this.#path,
      validation: loss === undefined ? validation : { loss, step },
      metric: metric.with(lastFinite(values, step)),
    };
  }

  #validate(
    { purpose, at }: ValidateCommand,
    { loss, metrics, seconds: took }: ValidatedReply,
  ): void {
    if (purpose === 'search') {
      this.#searchSeconds += took;
      return;
    }
    const { committed: step } = this.#path.ledger;
    const point = this.#path.metric.pointOf(metrics, step);
    const evaluation = { loss, step, metric: point };
    const path = { ...this.#path, seconds: this.#path.seconds + took };
    this.#path =
      at === undefined
        ? { ...path, validation: { loss, step }, metric: path.metric.with(point) }
        : {
            ...path,
            averages: new Map([...path.averages, [at, evaluation]]),
            metric: path.metric.withAverage(point),
          };
  }

  #adopt(at: number): void {
    const validation = this.#path.averages.get(at);
    this.#path = {
      ...this.#path,
      validation,
      metric: this.#path.metric.with(validation?.metric),
      weights: 'averaged',
      averages: EMPTY_PATH.averages,
    };
  }

  /** The script starts afresh: what was committed before becomes search. */
  #begin(): void {
    const { ledger, seconds, metric, validation } = this.#path;
    this.#searchSeconds += seconds;
    this.#rolledBackSteps += ledger.committed;
    this.#saved.clear();
    // What was measured before the first committed step is what it begins with once more.
    const isUntouched = ledger.committed === 0;
    this.#path = {
      ...EMPTY_PATH,
      ...(isUntouched ? { metric, validation } : { metric: MetricRecord.of(this.#facts.metric) }),
      ledger: rollBackTo(ledger, 0),
    };
    this.#cutAt(0);
  }

  /** Goes back to a checkpoint: what was committed beyond it becomes search, in steps and in seconds. */
  #restore(checkpoint: string, step: number): void {
    const { ledger, seconds } = this.#path;
    const committed = step - (this.#startStep ?? 0);
    const saved = this.#saved.get(checkpoint);
    if (saved === undefined) return;
    if (committed >= ledger.committed) {
      const { validation, metric, weights, averages, unsaved } = saved;
      // An average may have been adopted at this step, before or after the save.
      const isOther = weights !== this.#path.weights;
      this.#path = {
        ...this.#path,
        ...(isOther && { validation, metric, weights, averages }),
        unsaved,
      };
      return;
    }
    this.#searchSeconds += seconds - saved.seconds;
    this.#rolledBackSteps += ledger.committed - committed;
    this.#path = { ...saved, ledger: rollBackTo(ledger, committed) };
    this.#cutAt(committed);
  }

  /** The present state is on disk, and so are the checkpoints in memory that hold it. */
  #noteFile(): void {
    const before = this.#path;
    this.#path = { ...before, unsaved: 0 };
    for (const [checkpoint, path] of this.#saved) {
      if (path.ledger.committed === before.ledger.committed) {
        this.#saved.set(checkpoint, { ...path, unsaved: 0 });
      }
    }
  }

  #cutAt(committed: number): void {
    this.#schedule = cutSchedule(this.#schedule, committed);
    // A run may go back further than to the beginning of its last stage.
    for (const stage of this.#stages) {
      stage.steps = Math.min(stage.steps, Math.max(0, committed - stage.from));
    }
  }

  #addDecision(decision: Decision): void {
    const stage = this.#stages.at(-1);
    switch (decision.kind) {
      case 'interval-found':
        this.#interval = decision.interval;
        return;
      case 'range-found': {
        const { peak, low, high } = decision;
        this.#range = { peak, low, high };
        return;
      }
      case 'stage-started':
        this.#interval ??= decision.interval;
        this.#stages.push({
          index: decision.stage,
          from: decision.fromStep,
          steps: 0,
          lr: null,
          forecast: null,
          reached: null,
          probes: [],
        });
        return;
      case 'probe-ended': {
        const { lr, steps, outcome } = decision;
        const isForecast = outcome.kind === 'forecast';
        stage?.probes.push({
          lr,
          steps,
          forecast: isForecast ? outcome.loss : null,
          sd: isForecast ? outcome.sd : null,
          outcome: outcome.kind,
        });
        return;
      }
      case 'commit-started': {
        const { lr, forecast, sd = 0 } = decision;
        if (stage) Object.assign(stage, { lr, forecast: forecast ?? null });
        if (stage === undefined || forecast === undefined) return;
        this.#forecastScores.drop('stage'); // of a commit that was taken back
        this.#stageSteps = decision.steps;
        // What is done again has no forecast but that it gets no worse.
        if (this.#rolledBackStage === stage.index) return;
        const said = { step: stage.from, loss: forecast, ...bandOf(forecast, sd) };
        this.#forecastScores.say({ of: 'stage', ...said });
        return;
      }
      case 'factor-found':
        this.#factorOf = factorOf(decision);
        this.#keepsSchedule = true;
        return;
      case 'stage-rolled-back':
        this.#rolledBackStage = decision.stage;
        return;
      case 'end-forecast': {
        const { step, loss, low, high } = decision;
        this.#forecastScores.say({ of: 'run', step, loss, low, high });
        return;
      }
      case 'finished': {
        this.#returned = decision.wentBack;
        this.#unused = decision.unused;
        const { neverFinite, afterUpdate, diverged: [lowestLr] = [] } = decision;
        if (neverFinite !== undefined && lowestLr !== undefined)
          this.#neverFinite = { loss: neverFinite, lowestLr, ...(afterUpdate && { afterUpdate }) };
        this.#unsoundStep = decision.unsoundStep;
        this.#flat = decision.flat;
        const { validation, level } = this.#path;
        const actual = validation?.loss ?? level.last ?? null;
        if (decision.reason === 'budget' && Number.isFinite(actual))
          this.#forecastScores.settle('run', actual);
        return;
      }
      case 'stage-ended': {
        const { reached, validation } = decision;
        // A stage that ended early never came to what was spoken of.
        if (decision.steps !== this.#stageSteps) this.#forecastScores.drop('stage');
        this.#forecastScores.settle('stage', Number.isFinite(reached) ? reached : null);
        if (stage)
          Object.assign(stage, { reached, ...(validation !== undefined && { validation }) });
        return;
      }
      default:
        return;
    }
  }
}

function lastFinite(values: readonly number[] = [], step: number): MetricPoint | undefined {
  const value = values.findLast(Number.isFinite);
  return value === undefined ? undefined : { value, step };
}

function factorOf({
  schedule,
  own,
}: Extract<Decision, { kind: 'factor-found' }>): FactoredSchedule {
  return { schedule, ...(own !== undefined && { highestLr: own }) };
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
