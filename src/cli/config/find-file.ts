/** The file with settings that is nearest to a folder: `autolrs.toml`, or a `pyproject.toml` that has `[tool.autolrs]`. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AutolrsError } from '../../core/errors.js';

export const OWN_FILE = 'autolrs.toml';
export const PROJECT_FILE = 'pyproject.toml';

export interface FoundFile {
  readonly path: string;
  readonly text: string;
}

/**
 * The files that may have settings, nearest first: at most one `autolrs.toml`, which ends the search, after those
 * `pyproject.toml` that name us. The search goes up from `folder` to the root of the repository or to `home`, and does
 * not enter a folder of another owner: what lies in /tmp is not the user's.
 *
 * @throws AutolrsError `USAGE` where such a file cannot be read.
 */
export function findFiles(folder: string, home: string): readonly FoundFile[] {
  const found: FoundFile[] = [];
  const owner = statSync(folder).uid;
  for (let at = folder; ; at = dirname(at)) {
    if (statSync(at).uid !== owner) return found;
    const own = readText(join(at, OWN_FILE));
    if (own !== undefined) return [...found, own];
    const project = readText(join(at, PROJECT_FILE));
    // A project's file is parsed only where it may have a part for us.
    if (project !== undefined && /\bautolrs\b/.test(project.text)) found.push(project);
    if (at === home || at === dirname(at) || existsSync(join(at, '.git'))) return found;
  }
}

function readText(path: string): FoundFile | undefined {
  try {
    return { path, text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const why = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8' : message;
    throw new AutolrsError('USAGE', `${path} cannot be read: ${why}`, { cause: error });
  }
}
