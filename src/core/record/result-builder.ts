/**
 * Folds the entries of a run, in their order, into its result.
 *
 * The run folds entries as they happen and `show` folds them from the journal, so both say the same.
 */

import type { Command, Purpose, Reply, TrainedReply } from '../conversation/command.js';
import type { Decision, Interval } from '../conversation/decision.js';
import { cutSchedule, extendSchedule, type Schedule } from './committed-schedule.js';
import type { Entry } from './entry.js';
import { bandOf, ForecastScores } from './forecast-scores.js';
import { addSteps, EMPTY_LEDGER, type Ledger, rollBackTo, totalSteps } from './ledger.js';
import { LossLevel } from './loss-level.js';
import {
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
}

/** Folds entries into a result. Keeps no losses, so its memory grows with stages, probes and changes of the LR alone. */
export class ResultBuilder {
  readonly #facts: RunFacts;
  #asked: Command | undefined;
  #startStep: number | undefined;
  #path: CommittedPath = {
    ledger: EMPTY_LEDGER,
    seconds: 0,
    level: LossLevel.empty(),
    validation: undefined,
  };
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
  #returned: RunResult['returned'];
  #unused: RunResult['unused'];
  #schedule: Schedule = [];
  readonly #stages: Mutable<StageResult & { probes: ProbeResult[] }>[] = [];

  constructor(facts: RunFacts) {
    this.#facts = facts;
  }

  /** Whether there is something on disk from which the run can go on. */
  get hasCheckpoint(): boolean {
    return this.#hasCheckpoint;
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
      case 'lost':
        this.#lostSteps += entry.steps;
        return;
      case 'checkpoint':
        this.#hasCheckpoint = true;
        return;
      case 'extension':
        this.#forecastScores.drop('run'); // the end that they spoke of never came
        this.#returned = undefined;
        this.#unused = undefined;
        return;
      case 'rolled-back':
      case 'started':
      case 'recovered':
      case 'checkpoint-damaged':
      case 'checkpoint-begun':
      case 'checkpoint-removed':
        return;
      default:
        entry satisfies never;
    }
  }

  /** The result so far. `seconds` is the run's wall time. */
  build(status: RunStatus, seconds: number): RunResult {
    const { ledger, level, validation } = this.#path;
    const interval = this.#interval;
    return {
      version: RESULT_VERSION,
      run: { id: this.#facts.id, dir: this.#facts.dir },
      status,
      strategy: this.#facts.strategy,
      keepSchedule: this.#facts.keepSchedule ?? false,
      seed: this.#facts.seed,
      steps: {
        ...ledger,
        ...(this.#rolledBackSteps > 0 && { rolledBack: this.#rolledBackSteps }),
        total: totalSteps(ledger),
        lost: this.#lostSteps,
      },
      ...(this.#failures > 0 && { failures: this.#failures }),
      seconds: { search: this.#searchSeconds, committed: this.#path.seconds, total: seconds },
      loss: {
        first: level.first ?? null,
        last: level.last ?? null,
        best: level.best ?? null,
        ...(validation && { validation: validation.loss, validationStep: validation.step }),
      },
      ...(this.#neverFinite && { neverFinite: this.#neverFinite }),
      ...(this.#unsoundStep !== undefined && { unsoundStep: this.#unsoundStep }),
      ...(this.#returned && { returned: this.#returned }),
      ...(this.#unused !== undefined && { unused: this.#unused }),
      forecasts: this.#forecastScores.forecasts,
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
      case 'restored':
        if (asked?.kind === 'restore') this.#restore(asked.checkpoint, reply.step);
        this.#searchSeconds += reply.seconds;
        return;
      case 'discarded':
        if (asked?.kind === 'discard') this.#saved.delete(asked.checkpoint);
        return;
      case 'trained':
        if (asked?.kind === 'train') this.#train(asked.purpose, asked.lr, reply);
        return;
      case 'validated':
        if (asked?.kind === 'validate') this.#validate(asked.purpose, reply.loss, reply.seconds);
        return;
      default:
        reply satisfies never;
    }
  }

  #train(purpose: Purpose, lr: number | readonly number[], reply: TrainedReply): void {
    const { ledger, seconds, level, validation } = this.#path;
    const next = addSteps(ledger, purpose, reply.steps);
    if (purpose === 'search') {
      this.#searchSeconds += reply.seconds;
      this.#path = { ...this.#path, ledger: next };
      return;
    }
    const lrs = typeof lr === 'number' ? lr : lr.slice(this.#answered);
    this.#schedule = extendSchedule(this.#schedule, ledger.committed, reply.steps, lrs);
    this.#answered += reply.steps;
    this.#path = {
      ledger: next,
      seconds: seconds + reply.seconds,
      level: level.after(reply.losses),
      validation,
    };
    const stage = this.#stages.at(-1);
    if (stage) stage.steps = next.committed - stage.from;
  }

  #validate(purpose: Purpose, loss: number, seconds: number): void {
    if (purpose === 'search') {
      this.#searchSeconds += seconds;
      return;
    }
    const validation = { loss, step: this.#path.ledger.committed };
    this.#path = { ...this.#path, seconds: this.#path.seconds + seconds, validation };
  }

  /** Goes back to a checkpoint: what was committed beyond it becomes search, in steps and in seconds. */
  #restore(checkpoint: string, step: number): void {
    const { ledger, seconds } = this.#path;
    const committed = step - (this.#startStep ?? 0);
    const saved = this.#saved.get(checkpoint);
    if (saved === undefined || committed >= ledger.committed) return;
    this.#searchSeconds += seconds - saved.seconds;
    this.#rolledBackSteps += ledger.committed - committed;
    this.#path = { ...saved, ledger: rollBackTo(ledger, committed) };
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

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
