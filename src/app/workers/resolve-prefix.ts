/** The words before a worker's command as they are started. */

import { join } from 'node:path';
import { RAY_LAUNCHER } from '../../core/launcher.js';
import { ADAPTERS } from '../trainer-env.js';

const PYTHON = /(?:^|[/\\])python[\d.]*(?:\.exe)?$/i;

/** Ours for Ray runs in the script's own Python, which is what has Ray. Not as a module: to import autolrs is to take the wire. */
export function resolvePrefix(
  prefix: readonly string[],
  [program = '']: readonly string[],
): readonly string[] {
  if (prefix[0] !== RAY_LAUNCHER) return prefix;
  const python = PYTHON.test(program) ? program : 'python';
  return [python, join(ADAPTERS, 'autolrs', '_ray', 'start.py'), ...prefix.slice(1)];
}
