/**
 * A timer that leaves out the time in which this process was stopped: by Ctrl-Z, by a scheduler that suspends a job, by a
 * closed lid. No answer could arrive meanwhile.
 */

const SLICE_MS = 1000;

/**
 * Calls `onEnd` after `ms` milliseconds of this process's own time, in slices of `sliceMs`: one counts once, however late
 * it ends, and not at all if `isHeld` says then that it is we who keep the other side waiting. Returns what calls it off.
 */
export function startSuspendAwareTimer(
  ms: number,
  onEnd: () => void,
  sliceMs = SLICE_MS,
  isHeld: () => boolean = () => false,
): () => void {
  let left = ms;
  let timer: NodeJS.Timeout;
  const wait = () => {
    const slice = Math.min(left, sliceMs);
    timer = setTimeout(() => {
      if (!isHeld()) left -= slice;
      if (left > 0) wait();
      else onEnd();
    }, slice);
  };
  wait();
  return () => clearTimeout(timer);
}
