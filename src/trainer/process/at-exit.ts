/** What is done when this process ends, however many trainers it has: the process has one listener for all of them. */

const acts = new Set<() => void>();

function runAll(): void {
  for (const act of acts) act();
}

/** @returns What takes it back. */
export function atExit(act: () => void): () => void {
  if (acts.size === 0) process.once('exit', runAll);
  acts.add(act);
  return () => {
    acts.delete(act);
    if (acts.size === 0) process.off('exit', runAll);
  };
}
