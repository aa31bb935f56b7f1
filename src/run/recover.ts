/** Brings a new process to the state in which another one stood: checkpoints from disk, and the training since. */

import { AutolrsError } from '../core/errors.js';
import type { Command, Reply, TrainedReply } from '../core/tuner/command.js';
import type { Lineage, Origin } from '../core/tuner/lineage.js';
import type { CheckpointsPort } from './ports.js';

export interface RecoveryTools {
  readonly lineage: Lineage;
  readonly checkpoints: CheckpointsPort;
  readonly ask: (command: Command) => Promise<Reply>;
  /** Steps are about to be done again. */
  readonly onLost: (steps: number, seconds: number) => void;
  readonly onDamaged: (file: string) => void;
}

/**
 * Rebuilds the checkpoints in memory and, unless the next command replaces it anyway, the present state.
 *
 * @throws AutolrsError when the trainer fails at it, or no file is left that leads there.
 */
export async function recover(tools: RecoveryTools, next: Command | undefined): Promise<void> {
  const { lineage } = tools;
  let at: Origin | undefined;
  for (const [checkpoint, { origin }] of lineage.named) {
    if (at !== origin) await bringTo(origin, tools);
    at = origin;
    await tools.ask({ kind: 'save', checkpoint });
  }
  if (next?.kind !== 'restore' && at !== lineage.present) await bringTo(lineage.present, tools);
}

async function bringTo(origin: Origin, tools: RecoveryTools): Promise<void> {
  const { checkpoints, lineage, ask } = tools;
  const readable = await findReadable(origin, tools);
  if (readable.file !== undefined) {
    const path = checkpoints.pathOf(readable.file);
    const reply = await ask({ kind: 'restore', checkpoint: readable.file, path });
    const step = lineage.checkpointOf(readable.file)?.step;
    if (reply.kind !== 'restored' || reply.step !== step) {
      throw new AutolrsError(
        'PROTOCOL_BAD_MESSAGE',
        `the trainer broke the protocol: after a restore from ${readable.file} its "step" is ${'step' in reply ? reply.step : 'unknown'} when ${step} was saved`,
      );
    }
  }
  for (const { steps, lr, seconds } of readable.since) {
    tools.onLost(steps, seconds);
    const reply = await ask({ kind: 'train', purpose: 'search', steps, lr });
    if (!didAll(reply, steps)) {
      throw new AutolrsError(
        'TRAINER_ENDED_EARLY',
        `the trainer could not do again ${steps} steps that it had done; its data or its loop ended before`,
      );
    }
  }
}

async function findReadable(origin: Origin, tools: RecoveryTools): Promise<Origin> {
  const { lineage, checkpoints, onDamaged } = tools;
  for (let candidate: Origin | undefined = origin; candidate; ) {
    const checkpoint = candidate.file && lineage.checkpointOf(candidate.file);
    if (!checkpoint) {
      // The state in which the script begins needs no file; training from there was never made durable.
      if (candidate.file === undefined && candidate.since.length === 0) return candidate;
      break;
    }
    if (await checkpoints.isWhole(checkpoint)) return candidate;
    onDamaged(checkpoint.file);
    candidate = lineage.olderThan(candidate);
  }
  throw new AutolrsError(
    'RUN_DIRECTORY_UNUSABLE',
    'the run cannot go on: no checkpoint on disk is whole, so what was trained is lost; start a new run',
  );
}

function didAll(reply: Reply, steps: number): reply is TrainedReply {
  return reply.kind === 'trained' && reply.steps === steps;
}
