/** Names that tell runs apart. */

import { basename, resolve } from 'node:path';
import { escapeControls } from '../../core/escape-controls.js';

/** The last part of each path where that tells them apart, else all of it. */
export function nameRuns(paths: readonly string[]): readonly string[] {
  const short = paths.map((path) => escapeControls(basename(resolve(path))));
  return short.map((name, i) =>
    short.indexOf(name) === short.lastIndexOf(name) ? name : escapeControls(paths[i] ?? name),
  );
}
