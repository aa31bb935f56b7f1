/** The event file of a run, kept with its journal: what a resumed run did before is in it as well. */

import { InOrder } from '../../core/record/batches/in-order.js';
import type { Entry } from '../../core/record/entry.js';
import { ScalarPoints } from '../../core/record/scalar-points.js';
import { firstLabel } from '../../display/run/lr-label.js';
import { BoardWriter } from '../../journal/tensorboard/board.js';
import { loadRun } from '../load-run.js';
import type { RunContext } from '../run-context.js';

export interface Board {
  add(entry: Entry): void;
  /** Leaves a file without what was taken back. Never throws. */
  close(): Promise<void>;
}

/** Undefined where none is asked for. */
export async function openBoard({
  settings,
  run,
  result,
  display,
  resumeState,
}: RunContext): Promise<Board | undefined> {
  const { tensorboard, tuner } = settings;
  if (tensorboard === 'off') return undefined;
  const newWriter = () =>
    new BoardWriter(run.dir, tensorboard, ({ message }) => {
      display.say(`tensorboard/ ends here: ${message}`);
    });
  const isFactor = firstLabel(tuner) === 'factor';
  let writer = newWriter();
  const { metric } = tuner;
  const newPoints = () => new ScalarPoints(isFactor, metric);
  const points =
    resumeState === undefined ? newPoints() : await rewrite(run.dir, writer, newPoints());
  return {
    add(entry) {
      writer.add(points.add(entry, result.ledger));
    },
    async close() {
      const { hasVoid } = writer;
      writer.close();
      if (!hasVoid) return;
      writer = newWriter();
      try {
        await rewrite(run.dir, writer, newPoints());
      } catch {
        // The journal cannot be read any more, which is told elsewhere.
      } finally {
        writer.close();
      }
    },
  };
}

/** Writes what the journal tells, without what was taken back, folded into `points`, which go on from there. */
async function rewrite(
  dir: string,
  writer: BoardWriter,
  points: ScalarPoints,
): Promise<ScalarPoints> {
  const order = new InOrder();
  let kept: { readonly step: number; readonly write: () => void }[] = [];
  await loadRun(dir, (entry, ledger, at) => {
    if (entry.kind === 'run' || entry.kind === 'trainer' || entry.kind === 'resume') return;
    if (entry.kind === 'end') return;
    for (const point of order.add(entry).flatMap((one) => points.add(one, ledger))) {
      if (point.kind === 'taken-back') kept = kept.filter(({ step }) => step <= point.step);
      else if (point.kind === 'trial') writer.add([point], at);
      else kept.push({ step: point.step, write: () => writer.add([point], at) });
    }
  });
  for (const { write } of kept) write();
  return points;
}
