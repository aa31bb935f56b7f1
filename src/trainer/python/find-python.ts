/** The Python that a command starts, where it names it by a word that is looked up. */

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

const PYTHON = /^python(?:\d(?:\.\d+)?)?(?:\.exe)?$/i;

/** Undefined where the command's first word is another program or a path, or is on no folder of `path`. */
export function findPython(word: string, path: string | undefined): string | undefined {
  if (!PYTHON.test(word)) return undefined;
  return (path ?? '')
    .split(delimiter)
    .map((folder) => resolve(join(folder, word)))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
