/** A directory that its maker removes again. */

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutolrsError } from '../../core/errors.js';

/** @throws AutolrsError `USAGE` when it cannot be made. */
export function makeTemporary(prefix: string): string {
  const parent = tmpdir();
  try {
    return mkdtempSync(join(parent, prefix));
  } catch (error) {
    throw new AutolrsError(
      'USAGE',
      `cannot make a directory in ${parent}: ${(error as Error).message}; name one that can be written in TMPDIR`,
    );
  }
}
