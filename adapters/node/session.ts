/** The conversation with the tuner, seen from a JavaScript training loop. */

import { basename } from 'node:path';
import { Checkpoints } from './checkpoints.js';
import { holdSignals } from './held-signals.js';
import type { TrainerHooks } from './hooks.js';
import { KeptAverages } from './kept-averages.js';
import { isLr, readBatches, readCheckpoint, readPower } from './messages.js';
import { Training } from './train-request.js';
import { checkCount, checkLoss, type Tuner } from './tuner.js';
import { readVersion } from './version.js';
import { type Request, Wire } from './wire.js';
import { ERRORS, WireError } from './wire-error.js';

/** How long steps may run before the event loop gets a turn, so that `cancel` is read: a blink. */
const BREATH_MS = 50;

/** Progress is for people, who read no faster. */
const PROGRESS_MS = 250;

export class DrivenTuner<Snapshot> implements Tuner {
  readonly driven = true;
  readonly #hooks: TrainerHooks<Snapshot>;
  readonly #wire: Wire;
  readonly #checkpoints = new Checkpoints<Snapshot>();
  readonly #averages: KeptAverages;
  readonly #runDir = process.env['AUTOLRS_RUN_DIR'];
  #step = 0;
  #training: Training | undefined;
  #told = 0;
  #toldAt = 0;
  #breathedAt = 0;
  /** A step was reported since the script asked for it. */
  #isNew = false;
  /** The script was told to do a step and has not reported it yet. */
  #isStepDue = false;
  #isCancelled = false;
  #hasLeftLoop = false;
  #isOver = false;
  #releaseSignals: (() => void) | undefined;

  constructor(hooks: TrainerHooks<Snapshot>) {
    this.#hooks = hooks;
    this.#averages = new KeptAverages(hooks.validate && hooks.weights);
    this.#wire = new Wire({
      onCancel: () => {
        if (this.#wire.isOpen('train')) this.#isCancelled = true;
      },
      onLost: leaveWithoutTuner,
    });
    process.on('beforeExit', this.#onBeforeExit);
    process.on('uncaughtExceptionMonitor', this.#onUncaught);
  }

  /** A loop that was left early still owes answers. */
  readonly #onBeforeExit = () => {
    this.#hasLeftLoop = true;
    void this.next();
  };

  /** An error that ends the script is an answer too. */
  readonly #onUncaught = (error: unknown) => {
    if (this.#training) this.#failTraining(this.#training, error);
  };

  get stepCount(): number {
    return this.#step;
  }

  get isSearch(): boolean {
    return this.#training?.isSearch ?? false;
  }

  get weights(): 'raw' | 'averaged' {
    return this.#averages.isAdopted ? 'averaged' : 'raw';
  }

  every(steps: number): boolean {
    checkCount(steps);
    return this.#isNew && !this.isSearch && this.#step % steps === 0;
  }

  async next(): Promise<boolean> {
    this.#isNew = false;
    while (!this.#isOver) {
      const training = this.#training;
      if (training === undefined) {
        await this.#serve();
        continue;
      }
      if (!training.isDone && performance.now() - this.#breathedAt > BREATH_MS) {
        await this.#breathe(training);
      }
      if (this.#hasLeftLoop) training.end ??= 'data';
      if (this.#isCancelled) training.end ??= 'cancel';
      if (training.isDone) this.#answerTraining(training);
      else if (this.#prepareStep(training)) return true;
    }
    return false;
  }

  step(loss: number): void {
    checkLoss(loss);
    if (!this.#isStepDue) {
      throw new Error(
        'tuner.step reports a step that was not asked for; await tuner.next before it',
      );
    }
    this.#isStepDue = false;
    this.#isNew = true;
    this.#step++;
    this.#averages.countUpdate();
    this.#training?.add(loss);
  }

  /** False if the LR could not be set, which has then been answered. */
  #prepareStep(training: Training): boolean {
    try {
      const { lrToSet } = training;
      if (lrToSet !== undefined) this.#hooks.setLr(lrToSet);
    } catch (error) {
      this.#failTraining(training, error);
      return false;
    }
    this.#isStepDue = true;
    return true;
  }

  /** Answers one request. A failed hook fails the request and never the conversation. */
  async #serve(): Promise<void> {
    const request = await this.#wire.next();
    this.#releaseSignals ??= holdSignals();
    try {
      const result = await this.#answer(request);
      if (result !== undefined) this.#wire.answer(request, result);
    } catch (error) {
      this.#wire.refuse(
        request,
        error instanceof WireError ? error.code : ERRORS.scriptRaised,
        error,
      );
    }
    if (this.#isOver) this.#close();
  }

  /** The result of a request; undefined for `train`, which is answered once its steps are done. */
  async #answer(request: Request): Promise<object | undefined> {
    const startedAt = performance.now();
    const elapsed = () => (performance.now() - startedAt) / 1000;
    switch (request.method) {
      case 'initialize':
        return this.#handshake();
      case 'train':
        this.#training = new Training(request);
        this.#averages.begin(this.#training.averaging);
        this.#told = 0;
        this.#toldAt = performance.now();
        this.#breathedAt = this.#toldAt;
        return undefined;
      case 'validate': {
        const batches = readBatches(request.params);
        const validation = await this.#averages.withWeightsAt(readPower(request.params), () =>
          this.#validate(batches),
        );
        return { ...validation, seconds: elapsed() };
      }
      case 'adopt':
        this.#averages.adopt(readPower(request.params));
        return { seconds: elapsed() };
      case 'save': {
        const { id, path } = readCheckpoint(request.params, this.#runDir);
        const snapshot = await this.#hooks.save();
        const own = this.#averages.state;
        const checkpoint = { step: this.#step, lr: this.#readLr(), snapshot, ...own };
        const bytes = this.#checkpoints.save(id, path, checkpoint);
        return { id, step: this.#step, bytes, seconds: elapsed() };
      }
      case 'restore': {
        const { id, path } = readCheckpoint(request.params, this.#runDir);
        const { step, lr, snapshot, averages } = this.#checkpoints.load(id, path);
        await this.#hooks.restore(snapshot);
        this.#averages.restore(averages);
        this.#hooks.setLr(lr);
        this.#step = step;
        return { id, step, lr: this.#readLr(), seconds: elapsed() };
      }
      case 'discard': {
        const { id, path } = readCheckpoint(request.params, this.#runDir);
        this.#checkpoints.discard(id, path);
        return { id };
      }
      case 'shutdown':
        this.#isOver = true;
        return { step: this.#step };
      default:
        throw new WireError(ERRORS.method, `this adapter knows no "${request.method}"`);
    }
  }

  #handshake(): object {
    const { name, total, groups = [1], holds = [], rewind = false, validate } = this.#hooks;
    const { token } = this.#wire;
    return {
      protocol: 1,
      trainer: {
        name: name ?? basename(process.argv[1] ?? 'node'),
        version: readVersion(),
        framework: `node ${process.versions.node}`,
      },
      step: this.#step,
      ...(total !== undefined && { total }),
      lr: this.#readLr(),
      groups,
      world: 1,
      can: {
        validate: validate !== undefined,
        disk: true,
        rewind,
        cancel: true,
        ...(this.#averages.canKeep && { average: true }),
      },
      holds,
      ...(token !== undefined && { token }),
    };
  }

  async #validate(batches: number | undefined): Promise<object> {
    const { validate } = this.#hooks;
    if (!validate)
      throw new WireError(ERRORS.notSupported, 'this script gave no validate function');
    const validation = await validate(batches);
    const result = typeof validation === 'number' ? { loss: validation } : validation;
    if (typeof result?.loss !== 'number') throw new TypeError('"validate" must return a loss');
    return result;
  }

  #readLr(): number {
    const lr = this.#hooks.getLr();
    if (!isLr(lr)) throw new TypeError(`"getLr" must return a finite number, not ${String(lr)}`);
    return lr;
  }

  #answerTraining(training: Training): void {
    try {
      const result = training.result(this.#step, this.#readLr());
      this.#stopTraining();
      this.#wire.answer(training.request, result);
    } catch (error) {
      this.#failTraining(training, error);
    }
  }

  #failTraining(training: Training, error: unknown): void {
    this.#stopTraining();
    this.#wire.refuse(training.request, ERRORS.scriptRaised, error);
  }

  #stopTraining(): void {
    this.#training = undefined;
    this.#isCancelled = false;
    this.#isStepDue = false;
  }

  /** A loop that only computes never lets stdin be read; one turn of the event loop does. */
  async #breathe({ losses }: Training): Promise<void> {
    if (performance.now() - this.#toldAt >= PROGRESS_MS && losses.length > this.#told) {
      this.#wire.notify('progress', { step: this.#step, losses: losses.slice(this.#told) });
      this.#told = losses.length;
      this.#toldAt = performance.now();
    }
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    this.#breathedAt = performance.now();
  }

  #close(): void {
    this.#releaseSignals?.();
    this.#wire.close();
    process.off('beforeExit', this.#onBeforeExit);
    process.off('uncaughtExceptionMonitor', this.#onUncaught);
  }
}

/** The weights may be a probe's, so nothing of the script may run on, not even its end. */
function leaveWithoutTuner(sentence: string): never {
  process.stderr.write(`autolrs: ${sentence}\n`);
  process.exit(1);
}
