/** What earlier runs of the same model and batch size found: where a new run need not search, if one probe bears it out. */

import { AutolrsError } from './errors.js';

/** A run that has searched. */
export interface KnownRun {
  readonly id: string;
  readonly dir: string;
  /** The peak that its search found. */
  readonly peak: number;
  readonly interval: { readonly min: number; readonly max: number };
  /** Its probes; a loss is null where it diverged. */
  readonly probes: readonly {
    readonly lr: number;
    readonly steps: number;
    readonly loss: number | null;
  }[];
  /** The level of its first committed losses. */
  readonly firstLoss: number;
}

/** What a run takes from others; its journal has it. */
export interface KnownSearch {
  readonly peak: number;
  readonly interval: { readonly min: number; readonly max: number };
  /** A probe that one of the runs has done, and the loss that it came to. */
  readonly check: { readonly lr: number; readonly steps: number; readonly loss: number };
  /** How far the same probe may be off it: it has another seed. */
  readonly tolerance: number;
  readonly from: readonly { readonly id: string; readonly dir: string; readonly peak: number }[];
}

/** Of the descent from the first loss to the probe's, what another seed may differ by. */
const DESCENT_SHARE = 0.2;

/** Several runs' peaks lie within so many octaves, or they are not of one model. */
const MOST_OCTAVES = 3;

/**
 * The peak is the geometric mean of the runs' peaks, and the interval what all of them have in common below their
 * ceilings. The check is the coarse probe that lies nearest to the peak: fine ones begin
 * after a trunk of their own run.
 *
 * @throws AutolrsError `USAGE` where a run has no probe that learnt anything, or the peaks lie far apart.
 */
export function knownSearchOf(runs: readonly KnownRun[]): KnownSearch {
  const octaves = runs.map(({ peak }) => Math.log2(peak));
  const spread = Math.max(...octaves) - Math.min(...octaves);
  if (spread > MOST_OCTAVES) {
    throw usage(
      `the runs of \`like\` have their peaks a factor of ${Math.round(2 ** spread)} apart; give runs of one model and one batch size`,
    );
  }
  const peak = 2 ** (octaves.reduce((sum, x) => sum + x, 0) / runs.length);
  const references = runs.map((run) => ({ run, probe: referenceOf(run, peak) }));
  const nearest = references.toSorted((a, b) => distance(a, peak) - distance(b, peak))[0];
  if (nearest === undefined) throw usage('`like` names no run; give the directory of one');
  const { lr, steps, loss } = nearest.probe;
  const ceilings = runs.map(ceilingOf);
  const min = Math.max(...runs.map(({ interval }) => Math.min(interval.min, peak)));
  const max = Math.max(peak, Math.min(...ceilings));
  return {
    peak,
    interval: { min, max },
    check: { lr, steps, loss },
    tolerance: DESCENT_SHARE * Math.abs(nearest.run.firstLoss - loss),
    from: runs.map(({ id, dir, peak: own }) => ({ id, dir, peak: own })),
  };
}

interface Reference {
  readonly lr: number;
  readonly steps: number;
  readonly loss: number;
}

/** Of the shortest probes that did not diverge, which are the coarse ones, the one nearest to the peak. */
function referenceOf({ id, dir, probes, firstLoss }: KnownRun, peak: number): Reference {
  const sound = probes.flatMap(({ lr, steps, loss }) =>
    loss === null ? [] : [{ lr, steps, loss }],
  );
  const shortest = Math.min(...sound.map(({ steps }) => steps));
  const reference = sound
    .filter(({ steps }) => steps === shortest)
    .toSorted((a, b) => Math.abs(Math.log2(a.lr / peak)) - Math.abs(Math.log2(b.lr / peak)))[0];
  if (reference === undefined || !Number.isFinite(firstLoss)) {
    throw usage(
      `run ${id} in "${dir}" has no probe to compare with; give \`like\` runs that have searched`,
    );
  }
  return reference;
}

function distance({ probe }: { readonly probe: Reference }, peak: number): number {
  return Math.abs(Math.log2(probe.lr / peak));
}

/** Below the lowest LR that diverged above the peak. */
function ceilingOf({ interval, probes, peak }: KnownRun): number {
  const diverged = probes.flatMap(({ lr, loss }) => (loss === null && lr > peak ? [lr] : []));
  return Math.min(interval.max, ...diverged.map((lr) => Math.sqrt(lr * peak)));
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
