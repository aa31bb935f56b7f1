/** `join.json` in the run directory: where `autolrs worker` finds the tuner. */

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../../journal/run-directory.js';

const FILE = 'join.json';

export interface JoinPlace {
  /** As in `AUTOLRS_ADDRESS`. */
  readonly address: string;
  /** It proves that its bearer may read the run directory. */
  readonly secret: string;
}

/** @throws AutolrsError `RUN_DIRECTORY_UNUSABLE` */
export function writeJoinPlace(dir: string, place: JoinPlace): void {
  writeFileAtomically(join(dir, FILE), `${JSON.stringify(place)}\n`);
}

/** Undefined where there is none, or no whole one. */
export function readJoinPlace(dir: string): JoinPlace | undefined {
  try {
    const { address, secret } = JSON.parse(readFileSync(join(dir, FILE), 'utf8'));
    return typeof address === 'string' && typeof secret === 'string'
      ? { address, secret }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Never throws. */
export function removeJoinPlace(dir: string): void {
  try {
    rmSync(join(dir, FILE), { force: true });
  } catch {
    // The directory is gone: told elsewhere.
  }
}

/** What a joiner is told: who it is, and where its script connects. */
export interface JoinAnswer {
  readonly worker: number;
  readonly address: string;
  readonly token: string;
  readonly run: { readonly id: string; readonly dir: string; readonly seed: number };
  readonly scratchDir: string;
}

/** Undefined for a line that is no such answer. */
export function parseJoinAnswer(line: string): JoinAnswer | undefined {
  try {
    const { worker, address, token, run, scratchDir } = JSON.parse(line);
    const texts = [address, token, scratchDir, run.id, run.dir];
    const numbers = [worker, run.seed];
    const isWhole =
      texts.every((text) => typeof text === 'string') &&
      numbers.every((number) => typeof number === 'number');
    return isWhole ? { worker, address, token, run, scratchDir } : undefined;
  } catch {
    return undefined;
  }
}
