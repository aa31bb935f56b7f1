/** Does the probes of a batch: the main process and the workers take one after the other, until none is left. */

import { type ProbeAnswer, type ProbeBatch, stepsOf } from '../../core/conversation/batch.js';
import type {
  Reply,
  TrainCommand,
  TrainerCommand,
  TrainerReply,
} from '../../core/conversation/command.js';
import { AutolrsError } from '../../core/errors.js';
import { lowestBy } from '../../core/math/statistics.js';
import type { Entry } from '../../core/record/entry.js';
import { askProbe } from './ask-probe.js';
import { seconds, type WorkerPool } from './pool.js';
import { MAIN, ProbeQueue } from './probe-queue.js';
import { SharedFile } from './shared-file.js';

export interface BatchTools {
  /** Asks the main process, whatever becomes of it; undefined once an interrupt came. */
  readonly ask: (command: TrainerCommand) => Promise<Reply | undefined>;
  /** Asks the main process for what leaves no trace, all of it again where it fails. */
  readonly askAside: (commands: readonly TrainerCommand[]) => Promise<readonly TrainerReply[]>;
  readonly note: (entry: Entry) => void;
  /** A line for people. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  readonly pool: WorkerPool | undefined;
  /** The place of a file for the workers. */
  readonly scratchPathOf: (checkpoint: string) => string;
  readonly removeScratch: (checkpoint: string) => void;
}

/** Steps by which a worker shows that it computes what the main process does. */
const TRIAL_STEPS = 3;

/** Name of the file that the workers read. */
const SHARED = 'workers';

export class BatchRunner {
  readonly #tools: BatchTools;
  #versions = 0;
  /** What the workers were given last. */
  #shared: SharedFile | undefined;

  constructor(tools: BatchTools) {
    this.#tools = tools;
  }

  /** Another state has the name of a checkpoint from here on, or none. */
  forget(checkpoint: string): void {
    if (this.#shared?.checkpoint.from === checkpoint) this.#replaceShared();
  }

  /** Adds the answers that are missing. False once an interrupt came. @throws AutolrsError when the main process fails for good. */
  async run(batch: ProbeBatch, answers: Map<number, ProbeAnswer>): Promise<boolean> {
    const { note, pool, signal } = this.#tools;
    const queue = new ProbeQueue(batch.probes.length, (index) => answers.has(index));
    const settle = (index: number, worker: number, answer: ProbeAnswer) => {
      try {
        note({ kind: 'probe-reply', index, worker, answer });
        answers.set(index, answer);
      } catch (error) {
        // A journal that cannot be written ends the run, whichever process meets that.
        queue.close(error);
      }
    };
    const interrupt = () => queue.close();
    if (signal.aborted) return false;
    signal.addEventListener('abort', interrupt, { once: true });
    try {
      if (pool?.isOpen && !queue.isOver) {
        const file = await this.#shareOrClose(batch, pool);
        if (file !== undefined) pool.share({ file, batch, queue, settle });
      }
      while (!queue.isOver) {
        const index = queue.take(MAIN, seconds()) ?? queue.takeLate(seconds());
        if (index === undefined) await changeOrLate(queue);
        else if (!(await this.#probe(batch, index, queue, settle))) return false;
      }
      queue.assertSound();
      return answers.size === batch.probes.length;
    } finally {
      queue.close();
      signal.removeEventListener('abort', interrupt);
    }
  }

  async #probe(
    { from, probes }: ProbeBatch,
    index: number,
    queue: ProbeQueue,
    settle: (index: number, worker: number, answer: ProbeAnswer) => void,
  ): Promise<boolean> {
    const ask = async (command: TrainerCommand) => asOfTrainer(await this.#tools.ask(command));
    const answer = await askProbe(from, probes[index] ?? [], ask);
    if (answer === undefined) return false;
    if (queue.settle(index, seconds())) settle(index, MAIN, answer);
    else this.#tools.note({ kind: 'lost', steps: stepsOf(answer), seconds: 0 });
    return true;
  }

  /** A run needs no workers: where their file cannot be written, it goes on without. */
  async #shareOrClose(batch: ProbeBatch, pool: WorkerPool): Promise<SharedFile | undefined> {
    try {
      return await this.#share(batch);
    } catch (error) {
      const isOfTheFile = error instanceof AutolrsError && error.code === 'RUN_DIRECTORY_UNUSABLE';
      if (!isOfTheFile) throw error;
      this.#tools.say(`no workers from here on: ${error.message}`);
      void pool.close();
      return undefined;
    }
  }

  /** Writes the checkpoint for the workers, and does the steps that they are measured by. */
  async #share({ from, probes }: ProbeBatch): Promise<SharedFile> {
    if (this.#shared?.checkpoint.from === from) return this.#shared;
    this.#replaceShared();
    const { ask, askAside, note, scratchPathOf, removeScratch } = this.#tools;
    const version = ++this.#versions;
    // A name of its own: a worker may be reading any of those before.
    const checkpoint = `${SHARED}-${version}`;
    const path = scratchPathOf(checkpoint);
    const command = trialOf(probes);
    await ask({ kind: 'restore', checkpoint: from });
    const replies = await askAside([{ kind: 'save', checkpoint, path }, command]);
    await ask({ kind: 'restore', checkpoint: from });
    const losses = replies.flatMap((reply) => (reply.kind === 'trained' ? reply.losses : []));
    note({ kind: 'lost', steps: losses.length, seconds: 0 });
    const trial = { command, losses };
    const remove = () => removeScratch(checkpoint);
    this.#shared = new SharedFile({ from, path, version, trial }, remove);
    return this.#shared;
  }

  #replaceShared(): void {
    this.#shared?.replace();
    this.#shared = undefined;
  }
}

/** A few steps at the lowest LR of all: they must not fail. */
function trialOf(probes: ProbeBatch['probes']): TrainCommand {
  const trainings = probes.flat().filter((asked): asked is TrainCommand => asked.kind === 'train');
  const lowest = lowestBy(trainings, highestLr);
  if (lowest === undefined) throw new Error('a batch without a training');
  const { haltAbove: _, lr, ...command } = lowest;
  // A probe may be asked for in parts that are shorter.
  const isLong = typeof lr !== 'number' && lr.length >= TRIAL_STEPS;
  return {
    ...command,
    steps: TRIAL_STEPS,
    lr: isLong ? lr.slice(0, TRIAL_STEPS) : highestLr(lowest),
  };
}

function highestLr({ lr }: TrainCommand): number {
  return typeof lr === 'number' ? lr : lr.reduce((a, b) => Math.max(a, b), 0);
}

function asOfTrainer(reply: Reply | undefined): TrainerReply | undefined {
  if (reply?.kind === 'begun') throw new Error('a probe begins nothing');
  if (reply?.kind === 'timed') throw new Error('a probe asks no clock');
  return reply;
}

/** Resolves once another has done something, or a probe that another has is late. */
async function changeOrLate(queue: ProbeQueue): Promise<void> {
  const wait = queue.secondsUntilLate(seconds());
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    if (Number.isFinite(wait)) timer = setTimeout(resolve, wait * 1000);
  });
  await Promise.race([queue.changed, late]).finally(() => clearTimeout(timer));
}
