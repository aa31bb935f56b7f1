/** Ends processes that are of use to this one alone, where this one is killed and can end nothing itself. */

import { execa } from 'execa';

/** A process that can, ends at its next step by itself. A launcher told to end takes along what it has started elsewhere. */
const GRACE_SECONDS = 2;

/** Its stdin ends with us, however we end. A group is that of a child that was started `detached`. */
const SCRIPT = `read -r _ || for signal in TERM KILL; do sleep ${GRACE_SECONDS}; kill -s $signal -- "-$1"; done`;

/**
 * Has a shell wait for our end and then end a process group. Without a shell, as on Windows, nothing happens.
 *
 * @returns What takes it back, for a group that has ended.
 */
export function endGroupAfterUs(group: number): () => void {
  const watchdog = execa('sh', ['-c', SCRIPT, 'sh', String(group)], {
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
    cwd: '/',
    reject: false,
    // Signals of a terminal are for us.
    detached: true,
    cleanup: false,
  });
  watchdog.stdin?.on('error', () => {}); // it is gone, and nothing is written
  watchdog.unref();
  return () => void watchdog.kill('SIGKILL');
}
