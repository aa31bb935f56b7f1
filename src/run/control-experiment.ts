/**
 * Tells whether an LR made a script fail: repeats the steps at which it failed, at an LR too low to change the weights.
 * A script that fails there too has failed by itself.
 */

import type { TrainedReply, TrainerCommand, TrainerFacts } from '../core/conversation/command.js';
import { AutolrsError } from '../core/errors.js';
import type { Entry } from '../core/record/entry.js';
import type { Lineage } from '../core/record/lineage.js';
import { canBeProvoked, controlOf, type FailureSeries } from './lr-failures.js';
import type { TrainerPort } from './ports.js';
import type { SliceLength } from './slice-length.js';
import { because } from './supervisor.js';
import { trainInterruptibly } from './train-in-parts.js';

export interface ControlTools {
  readonly lineage: Lineage;
  readonly signal: AbortSignal;
  readonly facts: TrainerFacts;
  readonly slices: SliceLength;
  readonly note: (entry: Entry) => void;
  /** The command with the place of a checkpoint, where the trainer has no room for it in memory. */
  readonly withScratchPath: (command: TrainerCommand) => TrainerCommand;
  /** Has the trainer have a checkpoint in memory; its present state may be lost by that. */
  readonly bringCheckpoint: (checkpoint: string) => Promise<void>;
  /** Whether the script has done a step in this run. */
  readonly hasTrained: boolean;
}

/** Where the trainer comes back to. */
const CHECKPOINT = 'control';

/** A model that has blown up does not do so many steps more, whatever the LR. */
const SOUND_STEPS = 64;

/**
 * Does the control and goes back. Returns the answer of a script that leaves its loop there too: its data have ended.
 *
 * @throws AutolrsError when the script fails there as well: then it is not the LR's doing.
 */
export async function runControl(
  trainer: TrainerPort,
  series: FailureSeries,
  tools: ControlTools,
): Promise<TrainedReply | undefined> {
  const { lineage, signal, note, withScratchPath, hasTrained } = tools;
  const { error, reply } = series.latest;
  const at = (kind: 'save' | 'restore' | 'discard', checkpoint = CHECKPOINT) =>
    trainer.ask(withScratchPath({ kind, checkpoint }));
  series.beginControl();
  await at('save');
  const start = series.from === 'checkpoint' ? lineage.lastNamed : undefined;
  if (start) {
    await tools.bringCheckpoint(start.name);
    await at('restore', start.name);
  }
  const control = controlOf(series, start ? lineage.step - start.step : 0);
  let done = 0;
  const onPart = (part: TrainedReply) => {
    done += part.steps;
  };
  const training = trainInterruptibly(trainer, control, { ...tools, onPart });
  const answer = await training.catch((cause: unknown) => {
    if (done > 0) note({ kind: 'lost', steps: done, seconds: 0 });
    const isOfScript = cause instanceof AutolrsError && canBeProvoked(cause, control);
    if (!isOfScript || signal.aborted || !hasTrained) throw cause;
    if (series.from === 'checkpoint' || done + trainer.reportedLosses.length >= SOUND_STEPS) {
      throw notOfLr(cause);
    }
    series.from = 'checkpoint';
    throw cause;
  });
  const { steps, seconds, end, losses } = answer;
  note({ kind: 'lost', steps, seconds });
  await at('restore');
  await at('discard');
  if (end === 'cancel') return undefined;
  series.isControlled = true;
  if (steps === control.steps && losses.every(Number.isFinite)) return undefined;
  if (reply === undefined) throw notOfLr(error);
  // The steps that it had done before are not done any more.
  return { ...reply, steps: 0, losses: [], step: lineage.step, seconds: 0 };
}

/** A failure at any LR: started again, the script would meet it again. */
function notOfLr(error: AutolrsError): AutolrsError {
  const { code, message, facts } = because(error, 'the same at an LR so low that nothing moves');
  return new AutolrsError(code, message, { ...facts, isPermanent: true });
}
