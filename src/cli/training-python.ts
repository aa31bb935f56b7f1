/**
 * Which Python a training command starts, said, and refused where it is ours and lacks what the script imports: `uvx autolrs
 * run -- python train.py` puts the environment of the tool first on the PATH.
 */

import { realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { say } from '../app/output.js';
import { AutolrsError } from '../core/errors.js';
import { quoteForShell } from '../core/quote-for-shell.js';
import { findPython } from '../trainer/python/find-python.js';

export interface PythonSearch {
  readonly quiet?: boolean;
  readonly cwd?: string;
  readonly path?: string | undefined;
  /** A file of ours. In a wheel it is in the environment that the tool is installed in. */
  readonly ownFile?: string;
}

/** @throws AutolrsError `USAGE` for the tool's own Python without what the script imports. */
export async function checkTrainingPython(
  [word = '', ...args]: readonly string[],
  {
    quiet = false,
    cwd = process.cwd(),
    path = process.env['PATH'],
    ownFile = fileURLToPath(import.meta.url),
  }: PythonSearch = {},
): Promise<void> {
  const python = findPython(word, path);
  if (python === undefined) return;
  if (!quiet) say(`${word} is ${python}`);
  if (!isOfEnvironment(ownFile, python)) return;
  const { findMissingImports } = await import('../trainer/python/missing-imports.js');
  const missing = await findMissingImports(python, args, cwd);
  if (missing === undefined || missing.names.length === 0) return;
  const { script, names } = missing;
  const command = [word, ...args].map(quoteForShell).join(' ');
  throw new AutolrsError(
    'USAGE',
    `${word} is that of autolrs itself, ${python}, which has no ${names.join(', ')}, and ${script} needs it; name the Python that has it by its path, or in a project of uv: autolrs run -- uv run ${command}`,
  );
}

/** Whether a file is in the virtual environment of a Python. */
function isOfEnvironment(file: string, python: string): boolean {
  // The environment's folder may be a link; its Python is one, to that which it was made with.
  const environment = realpathSync(join(dirname(python), '..'));
  const own = dirname(realpathSync(file));
  return own.startsWith(environment + sep) && /[/\\]site-packages[/\\]/.test(own);
}
