/** Brings a new process to the state in which another one stood: checkpoints from disk, and the training since. */

import type { Command, Reply, TrainedReply } from '../core/conversation/command.js';
import { AutolrsError } from '../core/errors.js';
import type { Lineage, Origin } from '../core/record/lineage.js';
import { fromRuns } from '../core/record/lr-runs.js';
import type { CheckpointsPort } from './ports.js';

export interface RecoveryTools {
  readonly lineage: Lineage;
  readonly checkpoints: CheckpointsPort;
  readonly ask: (command: Command) => Promise<Reply>;
  /** Steps were done again. */
  readonly onLost: (steps: number, seconds: number) => void;
  /** A file is given up, before anything is brought back. */
  readonly onDamaged: (file: string) => void;
}

/**
 * Rebuilds the checkpoints in memory and, unless the next command replaces it anyway, the present state.
 *
 * @throws AutolrsError when the trainer fails at it, or no file is left that leads there.
 */
export async function recover(tools: RecoveryTools, next: Command | undefined): Promise<void> {
  const { lineage } = tools;
  await skipDamagedCheckpoints(tools);
  let at: Origin | undefined;
  for (const [checkpoint, { origin }] of lineage.named) {
    if (at !== origin) await rebuildState(origin, tools);
    at = origin;
    await tools.ask({ kind: 'save', checkpoint });
  }
  if (next?.kind !== 'restore' && at !== lineage.present)
    await rebuildState(lineage.present, tools);
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
    if (older === undefined || (older.file === undefined && older.since.length > 0)) {
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

async function rebuildState(origin: Origin, tools: RecoveryTools): Promise<void> {
  const { checkpoints, lineage, ask } = tools;
  if (origin.file !== undefined) {
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
  for (const { steps, lr, seconds, purpose } of origin.since) {
    const reply = await ask({
      kind: 'train',
      purpose,
      steps,
      lr: typeof lr === 'number' ? lr : fromRuns(lr),
    });
    if (reply.kind === 'trained' && reply.end === 'cancel') {
      tools.onLost(reply.steps, reply.seconds);
      throw interrupted();
    }
    if (!didAll(reply, steps)) {
      throw new AutolrsError(
        'TRAINER_ENDED_EARLY',
        `the trainer could not do again ${steps} steps that it had done; its data or its loop ended before`,
        { isPermanent: true },
      );
    }
    tools.onLost(steps, seconds);
  }
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

function didAll(reply: Reply, steps: number): reply is TrainedReply {
  return reply.kind === 'trained' && reply.steps === steps;
}
