/** Requests from outside to end, as a command is told of them. */

export interface Interrupts {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** What to do when a person insists. */
  onSecond(act: () => void): void;
  /** From here on a signal ends the process at once: nothing is left to be done in order. */
  stop(): void;
}

/** Listens until `stop`; `onFirst` is told the name of the first signal. */
export type ListenForInterrupts = (onFirst: (signal: string) => void) => Interrupts;
