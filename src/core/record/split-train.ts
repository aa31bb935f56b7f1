/** A `train` command in parts: what is left of it, and the parts' answers as the one answer that was asked for. */

import type { ProbeBatch } from '../conversation/batch.js';
import type { Command, TrainCommand, TrainedReply } from '../conversation/command.js';

/** The same command, with one LR for all steps where each has the same: 2,000 times one number is one number. */
export function withShortLr<Some extends Command>(command: Some): Some {
  if (command.kind !== 'train' || typeof command.lr === 'number') return command;
  const [first] = command.lr;
  if (first === undefined || command.lr.length !== command.steps) return command;
  return command.lr.every((lr) => lr === first) ? { ...command, lr: first } : command;
}

/** The same batch, with one LR where all steps of a training have the same. */
export function withShortLrs({ from, probes }: ProbeBatch): ProbeBatch {
  return { from, probes: probes.map((task) => task.map(withShortLr)) };
}

/** The next part of a command of which `done` steps are done: at most `most` steps. */
export function partOf(command: TrainCommand, done: number, most: number): TrainCommand {
  const steps = Math.min(most, command.steps - done);
  const { lr } = command;
  return { ...command, steps, lr: typeof lr === 'number' ? lr : lr.slice(done, done + steps) };
}

/** One reply for several parts, in their order. `parts` must not be empty. */
export function joinParts(parts: readonly TrainedReply[]): TrainedReply {
  const last = parts.at(-1);
  if (last === undefined) throw new Error('no parts to join');
  if (parts.length === 1) return last;
  const printed = parts.flatMap((part) => part.printed ?? []);
  const metrics = parts.flatMap((part) => part.printedMetric ?? []);
  const ownLrs = parts.flatMap((part) => part.ownLr ?? []);
  return {
    ...last,
    steps: parts.reduce((sum, part) => sum + part.steps, 0),
    losses: parts.flatMap((part) => part.losses),
    seconds: parts.reduce((sum, part) => sum + part.seconds, 0),
    ...(ownLrs.length > 0 && { ownLr: Math.max(...ownLrs) }),
    ...(printed.length > 0 && { printed }),
    ...(metrics.length > 0 && { printedMetric: metrics }),
  };
}
