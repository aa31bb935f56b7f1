/**
 * Signals that ask a process to end, held back while a tuner steers it. A scheduler sends one to every process of a job,
 * and a script that died of it could not save what the tuner asks for next.
 */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** Holds those for which the script has no listener of its own; returns what lets them through again. */
export function holdSignals(): () => void {
  const told = new Set<string>();
  const receive = (signal: string) => {
    if (told.has(signal)) return;
    told.add(signal);
    process.stderr.write(
      `autolrs: ${signal} came to the script, which goes on until the tuner ends it; to end the run send it to the tuner too\n`,
    );
  };
  const held = SIGNALS.filter((signal) => process.listenerCount(signal) === 0);
  for (const signal of held) process.on(signal, receive);
  return () => {
    for (const signal of held) process.off(signal, receive);
  };
}
