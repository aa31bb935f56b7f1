/** The file of a strategy of the user's, as a file: nothing of it is run, and no strategy is loaded. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { AutolrsError } from '../../core/errors.js';
import { STRATEGIES, type StrategySource } from '../../core/options.js';

/** Whether the name of a strategy is a file's. */
export function isStrategyFile(name: string): boolean {
  return !STRATEGIES.some((known) => known === name) && /[/\\]|\.[cm]?js$/.test(name);
}

/**
 * The file as it is now. It is not loaded, and so nothing of it is run.
 *
 * @throws AutolrsError `USAGE` where it cannot be read.
 */
export function sourceOf(path: string): StrategySource {
  const absolute = resolve(path);
  try {
    const sha256 = createHash('sha256').update(readFileSync(absolute)).digest('hex');
    return { path: absolute, sha256 };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : message;
    throw new AutolrsError('USAGE', `strategy ${path} cannot be read: ${why}`, {
      cause: error,
    });
  }
}
