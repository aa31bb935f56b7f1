/** What the scripts here share: whether a real Slurm can be had, and waiting for something to be so. */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Ends the script in so many words, with 0, where something is missing.
 *
 * @param more Commands that must succeed besides Slurm's, each with its arguments.
 */
export function requireSlurm(more = []) {
  for (const [needed, args] of [['slurmctld', ['-V']], ['munge', ['--version']], ...more]) {
    if (spawnSync(needed, args).status === 0) continue;
    console.log(`skipped: this needs ${needed} ${args.join(' ')} to succeed`);
    process.exit(0);
  }
  if (process.getuid?.() !== 0) {
    console.log('skipped: this needs root, to start nodes in namespaces of their own');
    process.exit(0);
  }
}

/** The text of a file, or nothing. */
export function textOf(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Waits for what `look` finds, and gives it. */
export async function until(what, seconds, look) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not come within ${seconds} s`);
    await sleep(50);
  }
}
