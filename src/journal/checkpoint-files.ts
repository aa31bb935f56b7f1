/**
 * The files of durable checkpoints, in a folder of the run directory. The trainer writes and reads them; here they get
 * their names and checksums, and are removed. Nothing is removed whose name was not made here.
 */

import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DurableCheckpoint } from '../core/record/entry.js';
import { arePartsThere, partPathsOf, readParts } from './checkpoint-parts.js';
import { runDirectoryError, syncDirectory } from './run-directory.js';

const FOLDER = 'checkpoints';
/** For trainers that cannot hold checkpoints in memory; empty between two runs. */
const SCRATCH = 'scratch';

const OUR_FILE = /^checkpoint-\d+-step-\d+$/;
/** What a run's workers read, whichever of its processes has written it. */
const OF_WORKERS = /^workers-\d+(\.[0-9a-f]{8}\.rank-\d+)?(\.tmp)?$/;
const OUR_SCRATCH = /^[a-z]+(-[a-z0-9]+)*$/;

export interface CheckpointFiles {
  /** The name of the `number`-th checkpoint of a run. */
  nameOf(number: number, step: number): string;
  pathOf(file: string): string;
  scratchPathOf(checkpoint: string): string;
  /** Removes what is there. Never throws. */
  removeScratch(checkpoint: string): void;
  /**
   * Size and checksum of a file that the trainer says it has written; undefined if there is no such file. Of one in parts
   * the size is that of all, and undefined if one is not there.
   *
   * @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` when it cannot be read.
   */
  seal(file: string): Promise<{ readonly bytes: number; readonly sha256: string } | undefined>;
  /** Whether the file is there and holds what was sealed. */
  isWhole(checkpoint: DurableCheckpoint): Promise<boolean>;
  /** Removes a file and what an unfinished write of it has left. Never throws. */
  remove(file: string): void;
  /** Removes what workers have read. Never throws. */
  removeOfWorkers(): void;
  /** Removes what trainers have left in the scratch folder. Never throws. */
  clearScratch(): void;
}

/** @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` when the folder cannot be made. */
export function openCheckpointFiles(dir: string): CheckpointFiles {
  const folder = join(dir, FOLDER);
  const scratch = join(dir, SCRATCH);
  const scratched = new Set<string>();
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    syncDirectory(dir);
  } catch (error) {
    throw runDirectoryError(dir, error);
  }
  const pathOf = (file: string) => join(folder, assertOurs(file, OUR_FILE));
  const seal: CheckpointFiles['seal'] = async (file) => {
    const path = pathOf(file);
    try {
      // A link could lead out of the run directory.
      if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
      const parts = readParts(path);
      if (parts === undefined || !arePartsThere(parts)) return undefined;
      const { bytes, sha256 } = await digest(path);
      return { bytes: parts.reduce((sum, part) => sum + part.bytes, bytes), sha256 };
    } catch (error) {
      throw runDirectoryError(dir, error);
    }
  };
  const removeOfWorkers = () => {
    for (const name of namesIn(scratch)) {
      if (OF_WORKERS.test(name)) removeIfThere(join(scratch, name));
    }
  };
  return {
    nameOf: (number, step) => `checkpoint-${number}-step-${step}`,
    pathOf,
    scratchPathOf(checkpoint) {
      const path = join(scratch, assertOurs(checkpoint, OUR_SCRATCH));
      try {
        mkdirSync(scratch, { recursive: true, mode: 0o700 });
      } catch (error) {
        throw runDirectoryError(dir, error);
      }
      scratched.add(path);
      return path;
    },
    removeScratch(checkpoint) {
      removeWithParts(join(scratch, assertOurs(checkpoint, OUR_SCRATCH)));
    },
    seal,
    async isWhole({ file, sha256 }) {
      const found = await seal(file).catch(() => undefined);
      return found?.sha256 === sha256 && (await arePartsWhole(pathOf(file)));
    },
    remove(file) {
      removeWithParts(pathOf(file));
    },
    removeOfWorkers,
    clearScratch() {
      removeOfWorkers();
      for (const path of scratched) removeWithParts(path);
      removeIfEmpty(scratch);
    },
  };
}

/** A journal can be forged: it must not name files elsewhere for the run to read or remove. */
function assertOurs(name: string, pattern: RegExp): string {
  if (pattern.test(name)) return name;
  throw runDirectoryError(name, 'it is no name of a checkpoint');
}

async function digest(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Those who wrote them have told their checksums, so that no one has to read them all until they are needed. */
async function arePartsWhole(path: string): Promise<boolean> {
  try {
    for (const part of readParts(path) ?? []) {
      if ((await digest(part.path)).sha256 !== part.sha256) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** First what makes it a checkpoint: no half of one is to be found. */
function removeWithParts(path: string): void {
  for (const each of [path, `${path}.tmp`, ...partPathsOf(path)]) removeIfThere(each);
}

/** What cannot be removed costs room and nothing else. */
function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // as a rule there is none
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {}
}
