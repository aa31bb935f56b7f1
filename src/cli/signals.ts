/** Ctrl-C and its kin: the first asks for an orderly end, the second no longer waits for the trainer. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interrupts {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** What to do at the second. */
  onSecond(act: () => void): void;
  /** Gives the signals back to Node. */
  stop(): void;
}

export function listenForInterrupts(onFirst: (signal: string) => void): Interrupts {
  const controller = new AbortController();
  let second: () => void = () => {};
  const listener = (signal: string) => {
    if (controller.signal.aborted) {
      second();
      return;
    }
    controller.abort();
    onFirst(signal);
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return {
    signal: controller.signal,
    onSecond(act) {
      second = act;
    },
    stop() {
      for (const signal of SIGNALS) process.off(signal, listener);
    },
  };
}
