/** The workers of a run, where it has a use for any. */

import type { Socket } from 'node:net';
import type { TrainerFacts } from '../../core/conversation/command.js';
import { AutolrsError } from '../../core/errors.js';
import type { Entry } from '../../core/record/entry.js';
import type { Lineage } from '../../core/record/lineage.js';
import { probesTogether } from '../../core/strategies/batch.js';
import { plural } from '../../display/text/format.js';
import type { CheckpointFiles } from '../../journal/checkpoint-files.js';
import { makeScratchDirectory } from '../../journal/scratch-directory.js';
import type { TrainerLog } from '../../journal/trainer-log.js';
import { WorkerPool } from '../../run/workers/pool.js';
import type { RunContext } from '../run-context.js';
import { type Door, openDoor } from './door.js';
import { createJoinerStarter, createWorkerStarter, socketOf } from './start-worker.js';

export interface WorkerTools {
  /** What the script said of itself when the run began. */
  readonly facts: TrainerFacts;
  readonly lineage: Lineage;
  readonly note: (entry: Entry) => void;
  readonly trainerLog: TrainerLog;
  readonly checkpoints: Pick<CheckpointFiles, 'removeOfWorkers'>;
  /** Ends them once it aborts. */
  readonly signal: AbortSignal;
}

/** Starts them, and lets others join; undefined where none is asked for, or none would be of use. */
export async function openWorkers(
  context: RunContext,
  { facts, lineage, note, trainerLog, checkpoints, signal }: WorkerTools,
): Promise<WorkerPool | undefined> {
  const { settings, display, parent, run } = context;
  const { tuner, workers = 1, restarts, join = false, transport } = settings;
  const isAsked = workers > 1 || join;
  if (!isAsked || lineage.phase === 'commit' || parent !== undefined) return undefined;
  const obstacle = obstacleIn(facts);
  if (obstacle !== undefined || !probesTogether({ options: tuner, facts })) {
    display.say(`no workers: ${obstacle ?? 'no probes are decided together'}`);
    return undefined;
  }
  if (workers > 1) {
    display.say(
      `${plural(workers - 1, 'worker')} beside the script; each is used once its first steps are the script's own, bit for bit`,
    );
  }
  let door: Door | undefined;
  const pool = new WorkerPool({
    count: workers - 1,
    start: createWorkerStarter(context, trainerLog),
    note,
    say: display.say,
    restarts,
    takesJoiners: join,
    endsWithSearch: tuner.strategy === 'horizon',
    onClosing() {
      door?.close();
      checkpoints.removeOfWorkers();
    },
  });
  if (join) {
    const onJoin = (joiner: Socket) => {
      const worker = pool.add(createJoinerStarter(context, joiner));
      if (worker === undefined) joiner.end();
      else display.say(`worker ${worker} joins`);
    };
    try {
      const socketDir = makeScratchDirectory(run.dir, 0);
      door = await openDoor({ dir: run.dir, socketDir, transport: socketOf(transport), onJoin });
    } catch (error) {
      if (!(error instanceof AutolrsError)) throw error;
      display.say(`no worker can join: ${error.message}`);
      if (workers === 1) return undefined;
    }
  }
  if (signal.aborted) void pool.close();
  else signal.addEventListener('abort', () => void pool.close(), { once: true });
  return pool;
}

/** Why another process of the script cannot do its probes. */
function obstacleIn({ can, attached }: TrainerFacts): string | undefined {
  if (attached === false) {
    return 'the script does not attach, and its state cannot be handed to another process; its probes are done one after the other';
  }
  if (!can.rewind) {
    return "the script's batches do not come again, so that each probe depends on the one before; they are done one after the other";
  }
  return can.disk ? undefined : 'the script writes no checkpoint that a worker could read';
}
