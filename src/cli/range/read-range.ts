/** `autolrs range`'s raw flags to typed settings. */

import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { RunSettings } from '../../app/run-context.js';
import { AutolrsError } from '../../core/errors.js';
import { readRunFlags } from '../flags/read-run.js';
import type { RawFlags } from '../flags/table.js';

export interface RangeSettings extends RunSettings {
  /** The file for the figure, if one is asked for. */
  readonly svg: string | undefined;
}

/** @throws AutolrsError `USAGE` naming the flag, the value and the remedy. */
export function readRangeFlags(
  { svg, ...raw }: RawFlags<'range'>,
  command: readonly string[],
): RangeSettings {
  if (command.length === 0) {
    throw usage('no command to start; write it after --, as in: autolrs range -- python train.py');
  }
  const settings = readRunFlags({ ...raw, tensorboard: 'off' }, command, 'range');
  return { ...settings, svg: readFile(svg) };
}

/** What cannot be written is told before the minutes that it would take to find out. */
function readFile(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  if (path === '') throw usage('--svg is empty; name a file, or leave the flag out');
  const isDirectory = (name: string) => statSync(name, { throwIfNoEntry: false })?.isDirectory();
  if (isDirectory(path)) throw usage(`--svg ${path} is a directory; name a file in it`);
  if (!isDirectory(dirname(resolve(path)))) {
    throw usage(`--svg ${path} lies in no directory that is there; make it first`);
  }
  return path;
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
