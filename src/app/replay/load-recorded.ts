/** The schedule of a run for another one that trains it again, and the band of its losses. */

import { resolve } from 'node:path';
import { AutolrsError } from '../../core/errors.js';
import { LossBand } from '../../core/record/loss-band.js';
import { type RecordedSchedule, rescale, toChanges } from '../../core/record/recorded-schedule.js';
import { loadRun } from '../load-run.js';
import type { ReplaySource } from '../run-context.js';

/** @throws AutolrsError when there is no run, or it has committed nothing. */
export async function loadRecorded({
  dir: given,
  rescaleTo,
}: ReplaySource): Promise<{ readonly recorded: RecordedSchedule; readonly keepSchedule: boolean }> {
  const dir = resolve(given);
  const band = new LossBand();
  let purpose: string | undefined;
  const { result, status, seconds } = await loadRun(dir, (entry, { committed }) => {
    if (entry.kind === 'command' && entry.command.kind === 'train') {
      purpose = entry.command.purpose;
    }
    if (entry.kind !== 'reply' && entry.kind !== 'slice') return;
    const { reply } = entry;
    if (reply.kind === 'restored' || reply.kind === 'begun') band.cutAfter(committed);
    if (reply.kind !== 'trained' || purpose !== 'commit') return;
    const { losses } = reply;
    losses.forEach((loss, i) => {
      band.add(committed - losses.length + i + 1, loss);
    });
  });
  const { run, schedule, steps, keepSchedule } = result.build(status, seconds);
  if (steps.committed === 0) {
    throw new AutolrsError(
      'USAGE',
      `the run in "${dir}" has committed nothing, so it has no schedule to replay; give the directory of one that has`,
    );
  }
  const recorded: RecordedSchedule = {
    run: run.id,
    dir,
    steps: steps.committed,
    changes: toChanges(schedule),
    band: band.rows(steps.committed),
  };
  return {
    recorded: rescaleTo === undefined ? recorded : rescale(recorded, rescaleTo),
    keepSchedule,
  };
}
