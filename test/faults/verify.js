// @ts-check
/** Whether a disturbed run is what an undisturbed one is. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PYTHON, readText } from './command.js';

const DIGEST = join(import.meta.dirname, 'digest.py');

/**
 * @typedef {object} Reference What an undisturbed run with a checkpoint at every step gave.
 * @property {string} essence
 * @property {Map<number, string>} sums Each step's checkpoint, as a checksum of its bytes.
 * @property {Map<number, string> | undefined} digests The same of its content, where one content has many packings.
 * @property {number} steps
 */

/** @param {string} dir */
export function readRun(dir) {
  const records = readText(join(dir, 'journal.jsonl'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const checkpoints = records
    .filter((record) => record.kind === 'checkpoint')
    .map((record) => record.checkpoint);
  const resultPath = join(dir, 'result.json');
  return {
    records,
    checkpoints,
    result: existsSync(resultPath) ? JSON.parse(readFileSync(resultPath, 'utf8')) : undefined,
  };
}

/**
 * @param {string} dir
 * @param {boolean} hasManyPackings
 * @returns {Reference}
 */
export function readReference(dir, hasManyPackings) {
  const { checkpoints, result } = readRun(dir);
  return {
    essence: essence(result),
    sums: new Map(checkpoints.map(({ step, sha256 }) => [step, sha256])),
    digests: hasManyPackings ? new Map(digestsOf(dir)) : undefined,
    steps: checkpoints.at(-1).step,
  };
}

/**
 * What is wrong with a run that has ended; undefined if nothing is.
 *
 * @param {string} dir
 * @param {Reference} reference
 */
export function faultOf(dir, reference) {
  const { checkpoints, result } = readRun(dir);
  if (result === undefined) return 'it left no result';
  const files = readdirSync(join(dir, 'checkpoints'));
  const kept = checkpoints.map(({ file }) => file);
  const litter = files.find((name) => !kept.includes(name));
  if (litter) return `it left ${litter}, which is no checkpoint of the run`;
  if (files.length > 2) return `it left ${files.length} checkpoints`;
  if (essence(result) !== reference.essence) return `its result differs: ${essence(result)}`;
  if (reference.digests) {
    const stray = strayOf(dir, reference);
    if (stray) return stray;
  } else {
    const stray = checkpoints.find(({ step, sha256 }) => reference.sums.get(step) !== sha256);
    if (stray) return `its ${stray.file} is not the reference's state at step ${stray.step}`;
  }
  if (checkpoints.at(-1)?.step !== reference.steps) {
    return 'its last checkpoint is not the whole run';
  }
  return undefined;
}

/**
 * A file whose content is not the reference's at its step; undefined if there is none, or none to compare with.
 *
 * @param {string} dir
 * @param {Reference} reference
 */
export function strayOf(dir, { digests }) {
  if (digests === undefined) return undefined;
  const stray = digestsOf(dir).find(([step, digest]) => digests.get(step) !== digest);
  return stray && `a file of step ${stray[0]} does not hold the reference's state at that step`;
}

/** What must be the same. */
function essence({ steps, schedule, stages }) {
  const { lost: _, ...counted } = steps;
  return JSON.stringify({ steps: counted, schedule, stages });
}

/**
 * The content of all files in a run's folder of checkpoints, by step.
 *
 * @returns {[number, string][]}
 */
function digestsOf(dir) {
  const folder = join(dir, 'checkpoints');
  const files = existsSync(folder)
    ? readdirSync(folder).filter((name) => !name.endsWith('.tmp'))
    : [];
  const paths = files.map((name) => join(folder, name));
  const { stdout, stderr, status } = spawnSync(PYTHON, [DIGEST, ...paths], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`a checkpoint cannot be read: ${stderr}`);
  const digests = stdout.trim().split('\n');
  return files.map((name, i) => [Number(/step-(\d+)/.exec(name)?.[1]), digests[i] ?? '']);
}
