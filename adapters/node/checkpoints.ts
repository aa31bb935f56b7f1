/**
 * Named snapshots, in memory or on disk. Both are kept as bytes: neither later training nor a restored script can reach
 * into what is saved, and what cannot go to disk is found out in memory already.
 */

import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { syncDirectory, writeDurably } from './atomic-write.js';
import type { AveragesState } from './averages.js';
import { isLr } from './messages.js';
import { ERRORS, isRecord, WireError } from './wire-error.js';

export interface Checkpoint<Snapshot> {
  readonly step: number;
  /** In effect when it was saved. */
  readonly lr: number;
  readonly snapshot: Snapshot;
  /** Of the weights. Absent: none were kept. */
  readonly averages?: AveragesState | 'adopted';
}

/** The first bytes of a checkpoint on disk; the number is that of the format. */
const MAGIC = Buffer.from('autolrs node checkpoint 1\n');

export class Checkpoints<Snapshot> {
  readonly #inMemory = new Map<string, Buffer>();

  /** Returns the size in bytes. */
  save(id: string, path: string | undefined, checkpoint: Checkpoint<Snapshot>): number {
    const bytes = toBytes(checkpoint);
    if (path === undefined) this.#inMemory.set(id, bytes);
    else onDisk(`write "${id}"`, () => writeDurably(path, Buffer.concat([MAGIC, bytes])));
    return bytes.length;
  }

  load(id: string, path: string | undefined): Checkpoint<Snapshot> {
    const bytes = path === undefined ? this.#inMemory.get(id) : readBytes(id, path);
    if (bytes === undefined) throw unknown(id, path);
    const value = onDisk(`read "${id}"`, () => fromBytes(bytes));
    if (!isCheckpoint(value)) throw new WireError(ERRORS.storage, `checkpoint "${id}" is damaged`);
    return value as Checkpoint<Snapshot>; // what the script's own "save" returned
  }

  /** A file that is gone already is discarded; an id that memory does not know is an error. */
  discard(id: string, path: string | undefined): void {
    if (path === undefined) {
      if (!this.#inMemory.delete(id)) throw unknown(id, path);
      return;
    }
    onDisk(`remove "${id}"`, () => {
      rmSync(path, { force: true });
      syncDirectory(dirname(path));
    });
  }
}

function toBytes(checkpoint: object): Buffer {
  try {
    return serialize(checkpoint);
  } catch (cause) {
    throw new Error('the snapshot that "save" returned cannot be copied; return plain data', {
      cause,
    });
  }
}

/** Typed arrays of the result share memory with the bytes they are read from, so those are a copy. */
function fromBytes(bytes: Uint8Array): unknown {
  return deserialize(Buffer.from(bytes));
}

function readBytes(id: string, path: string): Buffer | undefined {
  return onDisk(`read "${id}"`, () => {
    const file = readFileIfThere(path);
    if (file === undefined) return undefined;
    if (file.subarray(0, MAGIC.length).equals(MAGIC)) return file.subarray(MAGIC.length);
    throw new Error(`${path} is no checkpoint of autolrs/node`);
  });
}

function readFileIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function isCheckpoint(value: unknown): boolean {
  return isRecord(value) && Number.isSafeInteger(value['step']) && isLr(value['lr']);
}

function onDisk<Value>(what: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new WireError(ERRORS.storage, `cannot ${what}: ${why}`);
  }
}

function unknown(id: string, path: string | undefined): WireError {
  const where = path === undefined ? 'in memory' : `at ${path}`;
  return new WireError(ERRORS.checkpointUnknown, `there is no checkpoint "${id}" ${where}`);
}
