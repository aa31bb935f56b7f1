/** Brings a new process to the state in which another one stood: checkpoints from disk, and the training since. */

import type {
  Command,
  TrainedReply,
  TrainerCommand,
  TrainerReply,
} from '../core/conversation/command.js';
import { AutolrsError } from '../core/errors.js';
import type { Lineage, Origin } from '../core/record/lineage.js';
import { fromRuns } from '../core/record/lr-runs.js';
import type { CheckpointsPort } from './ports.js';

export interface RecoveryTools {
  readonly lineage: Lineage;
  readonly checkpoints: CheckpointsPort;
  readonly ask: (command: TrainerCommand) => Promise<TrainerReply>;
  /** Steps were done again. */
  readonly onLost: (steps: number, seconds: number) => void;
  /** A file is given up, before anything is brought back. */
  readonly onDamaged: (file: string) => void;
}

/**
 * Rebuilds the present state, unless the next command replaces it anyway, and the checkpoints in memory on the way there.
 *
 * @returns The checkpoints that were left out: a better one mostly comes before the run goes back to them.
 * @throws AutolrsError when the trainer fails at it, or no file is left that leads there.
 */
export async function recover(
  tools: RecoveryTools,
  next: Command | undefined,
): Promise<ReadonlySet<string>> {
  const { lineage } = tools;
  const missing = new Set<string>();
  if (lineage.phase === 'search') {
    await searchAgain(tools);
    return missing;
  }
  await skipDamagedCheckpoints(tools);
  const built: BuiltState[] = [];
  const isNext = (name: string) => next?.kind === 'restore' && next.checkpoint === name;
  for (const [checkpoint, { origin }] of lineage.named) {
    // The beginning comes once in a process.
    const isDue = origin.file === undefined || isOnTheWay(origin, lineage.present);
    if (!isDue && !isNext(checkpoint)) {
      missing.add(checkpoint);
      continue;
    }
    await rebuildState(origin, built, tools);
    built.push({ origin, checkpoint });
    await tools.ask({ kind: 'save', checkpoint });
  }
  if (next?.kind !== 'restore' && built.at(-1)?.origin !== lineage.present) {
    await rebuildState(lineage.present, built, tools);
  }
  return missing;
}

/** Rebuilds a checkpoint that was left out. The trainer stands there then. */
export async function recoverCheckpoint(tools: RecoveryTools, checkpoint: string): Promise<void> {
  const named = tools.lineage.named.get(checkpoint);
  if (named === undefined) throw new Error(`"${checkpoint}" was never saved`);
  await skipDamagedCheckpoints(tools);
  await rebuildState(tools.lineage.named.get(checkpoint)?.origin ?? named.origin, [], tools);
  await tools.ask({ kind: 'save', checkpoint });
}

/** A state that this process has been in, and the checkpoint that holds it. */
interface BuiltState {
  readonly origin: Origin;
  readonly checkpoint: string;
}

/** Whether all that leads to one state leads to another, too. */
function isOnTheWay({ file, since }: Origin, to: Origin): boolean {
  return file === to.file && since.every((trained, i) => trained === to.since[i]);
}

async function searchAgain(tools: RecoveryTools): Promise<void> {
  for (const { command, seconds } of tools.lineage.searched) {
    const reply = await tools.ask(command);
    if (command.kind !== 'train') continue;
    // One that ends sooner at a loss that is not finite has done what the probe did: it is restored next.
    const steps = hasDiverged(reply) ? reply.steps : command.steps;
    settleAgain(reply, { steps, seconds }, tools);
  }
}

/** Until every origin comes from a file that is whole. */
async function skipDamagedCheckpoints({
  lineage,
  checkpoints,
  onDamaged,
}: RecoveryTools): Promise<void> {
  const origins = () => [lineage.present, ...[...lineage.named.values()].map((n) => n.origin)];
  const whole = new Set<string>();
  for (;;) {
    const origin = origins().find(({ file }) => file !== undefined && !whole.has(file));
    if (origin?.file === undefined) return;
    const checkpoint = lineage.checkpointOf(origin.file);
    if (checkpoint !== undefined && (await checkpoints.isWhole(checkpoint))) {
      whole.add(origin.file);
      continue;
    }
    const older = lineage.fallbackOf(origin);
    // The state in which the script begins is known; training from there was never made durable.
    const isTooFar = older?.file === undefined && !lineage.canBeginAgain;
    if (older === undefined || (isTooFar && older.since.length > 0)) {
      throw new AutolrsError(
        'RUN_DIRECTORY_UNUSABLE',
        `the run cannot go on: checkpoint ${origin.file} is damaged or gone, and there is none before it; start a new run`,
      );
    }
    onDamaged(origin.file);
    lineage.dropCheckpoint(origin.file);
  }
}

/** Nothing is lost by it: whatever counts is on disk, and the run goes on from there. */
export function interrupted(): AutolrsError {
  return new AutolrsError('INTERRUPTED', 'interrupted while the trainer was brought back');
}

async function rebuildState(
  origin: Origin,
  built: readonly BuiltState[],
  tools: RecoveryTools,
): Promise<void> {
  const { checkpoints, lineage, ask } = tools;
  // Later states go on from one that was built: nothing is trained twice, and the beginning comes once in a process.
  const before = built
    .filter((state) => isOnTheWay(state.origin, origin))
    .toSorted((a, b) => b.origin.since.length - a.origin.since.length)[0];
  if (before !== undefined && before !== built.at(-1)) {
    await ask({ kind: 'restore', checkpoint: before.checkpoint });
  }
  if (origin.file !== undefined && before === undefined) {
    const { file } = origin;
    const path = checkpoints.pathOf(file);
    const reply = await ask({ kind: 'restore', checkpoint: file, path }).catch((error) => {
      throw notOfThisScript(file, error);
    });
    const step = lineage.checkpointOf(origin.file)?.step;
    if (reply.kind !== 'restored' || reply.step !== step) {
      throw new AutolrsError(
        'PROTOCOL_BAD_MESSAGE',
        `the trainer broke the protocol: after a restore from ${origin.file} its "step" is ${'step' in reply ? reply.step : 'unknown'} when ${step} was saved`,
      );
    }
  }
  for (const done of origin.since.slice(before?.origin.since.length)) {
    if ('adopted' in done) {
      await ask({ kind: 'adopt', at: done.adopted });
      continue;
    }
    const { steps, lr, seconds, purpose, average } = done;
    const reply = await ask({
      kind: 'train',
      purpose,
      steps,
      lr: typeof lr === 'number' ? lr : fromRuns(lr),
      ...(average && { average }),
    });
    settleAgain(reply, { steps, seconds }, tools);
  }
}

function hasDiverged(reply: TrainerReply): reply is TrainedReply {
  return reply.kind === 'trained' && reply.end === 'diverged';
}

/** Counts steps that were done again. */
function settleAgain(
  reply: TrainerReply,
  { steps, seconds }: { readonly steps: number; readonly seconds: number },
  { onLost }: RecoveryTools,
): void {
  if (reply.kind === 'trained' && reply.end === 'cancel') {
    onLost(reply.steps, reply.seconds);
    throw interrupted();
  }
  if (!didAll(reply, steps)) {
    throw new AutolrsError(
      'TRAINER_ENDED_EARLY',
      `the trainer could not do again ${steps} steps that it had done; its data or its loop ended before`,
      { isPermanent: true },
    );
  }
  onLost(steps, seconds);
}

/** The file is whole, so a script that cannot read it has not written it. */
function notOfThisScript(file: string, error: unknown): unknown {
  if (!(error instanceof AutolrsError) || error.code !== 'TRAINER_FAILED') return error;
  const { storageFailed, ...facts } = error.facts;
  const message = `resume with the command that the run was begun with: ${file} is no checkpoint of this script; another script wrote it, or this one was changed since (${error.message})`;
  // What was raised may be a lack of memory, which passes.
  const isPermanent = facts.isPermanent === true || facts.hasRaised !== true;
  return new AutolrsError(error.code, message, { ...facts, isPermanent, cause: error });
}

function didAll(reply: TrainerReply, steps: number): reply is TrainedReply {
  return reply.kind === 'trained' && reply.steps === steps;
}
