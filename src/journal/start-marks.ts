/** Files in the run directory by which a Python process tells how far it has come before it connects. */

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { namesPython } from '../core/shell-command.js';

/** `adapters/python/autolrs/_auto/site/sitecustomize.py` makes it where the first Python process begins. */
const STARTED = 'python-started';

/** `adapters/python/autolrs/_auto/site/autolrs_door.py` makes and removes it. */
const IMPORTED = 'pytorch-imported';

/** Whether a Python process has begun that knows of us. One that hides our variables from Python never does. */
export function hasPythonStarted(dir: string): boolean {
  return existsSync(join(dir, STARTED));
}

/**
 * True from the moment at which a script imports PyTorch to its first update. A script that does not attach is heard of at that
 * update at the latest, so until then it may prepare its data for as long as it likes.
 */
function isPreparing(dir: string): boolean {
  return existsSync(join(dir, IMPORTED));
}

/** What the process before has left. Never throws. */
export function removeStartMarks(dir: string): void {
  for (const file of [STARTED, IMPORTED]) {
    try {
      rmSync(join(dir, file), { force: true });
    } catch {
      // It lies in a directory that is gone or cannot be written: told elsewhere.
    }
  }
}

/** What a trainer in `dir` is asked before it connects. Of a command without Python nothing is expected. */
export function startMarks(dir: string, command: readonly string[], mayPrepare: boolean) {
  return {
    ...(namesPython(command) && { hasPythonStarted: () => hasPythonStarted(dir) }),
    ...(mayPrepare && { isPreparing: () => isPreparing(dir) }),
  };
}
