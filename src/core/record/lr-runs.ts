/** LRs of steps in a row as runs of equal ones: a long decay falls in stairs, and has few of them. */

export interface LrRun {
  readonly steps: number;
  readonly lr: number;
}

/** None for no steps. NaN equals itself here: what comes back is what was given. */
export function toRuns(lrs: readonly number[]): readonly LrRun[] {
  const runs: { steps: number; lr: number }[] = [];
  for (const lr of lrs) {
    const last = runs.at(-1);
    if (last !== undefined && Object.is(last.lr, lr)) last.steps++;
    else runs.push({ steps: 1, lr });
  }
  return runs;
}

/** One LR a step. */
export function fromRuns(runs: readonly LrRun[]): readonly number[] {
  return runs.flatMap(({ steps, lr }) => new Array<number>(steps).fill(lr));
}
