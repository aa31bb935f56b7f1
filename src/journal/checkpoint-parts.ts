/**
 * Checkpoints that several processes write: a part each, and an index in the place of the file, which says name, size and
 * checksum of all. So the checksum of the index stands for the parts as well.
 */

import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface CheckpointPart {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const START = Buffer.from('{"autolrs-parts":');

/** A line for each of ten thousand ranks. */
const MOST_INDEX_BYTES = 2 ** 21;

/** What a write adds to the name of its checkpoint. */
const OF_PART = /^\.[0-9a-f]{8}\.rank-\d+(\.tmp)?$/;

/** The parts of a checkpoint; none of one that is a single file, undefined where the index is not whole. */
export function readParts(path: string): readonly CheckpointPart[] | undefined {
  if (!isIndex(path)) return [];
  if (lstatSync(path).size > MOST_INDEX_BYTES) return undefined;
  try {
    const { parts } = JSON.parse(readFileSync(path, 'utf8'));
    return parts.map(({ name, bytes, sha256 }: Record<string, unknown>) => {
      // An index can be forged, as a journal can: it must not name files elsewhere.
      if (typeof name !== 'string' || !isPartOf(basename(path), name)) throw new Error('its name');
      if (typeof bytes !== 'number' || typeof sha256 !== 'string') throw new Error('its seal');
      return { path: join(dirname(path), name), bytes, sha256 };
    });
  } catch {
    return undefined;
  }
}

/** All that writes of a checkpoint have put beside it, finished or not. Never throws. */
export function partPathsOf(path: string): readonly string[] {
  const [folder, file] = [dirname(path), basename(path)];
  try {
    const names = readdirSync(folder).filter((name) => isPartOf(file, name));
    return names.map((name) => join(folder, name));
  } catch {
    return []; // no folder, no parts
  }
}

/** Whether each part is a file of the size that was written. */
export function arePartsThere(parts: readonly CheckpointPart[]): boolean {
  return parts.every(({ path, bytes }) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    return found?.isFile() === true && found.size === bytes;
  });
}

function isPartOf(file: string, name: string): boolean {
  return name.startsWith(file) && OF_PART.test(name.slice(file.length));
}

function isIndex(path: string): boolean {
  const start = Buffer.alloc(START.length);
  const file = openSync(path, 'r');
  try {
    readSync(file, start, 0, start.length, 0);
  } finally {
    closeSync(file);
  }
  return start.equals(START);
}
