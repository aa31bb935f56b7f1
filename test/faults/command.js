// @ts-check
/** Starts the command as a user would, and strikes it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'bin', 'autolrs.js');
const TERMINAL = join(ROOT, 'test', 'support', 'terminal.py');

export const PYTHON = process.env.AUTOLRS_PYTHON ?? 'python3';

/** A run and its resumes take seconds; more is a hang. */
const LIMIT_MS = 120_000;

/**
 * Runs `autolrs` with `args` to its end.
 *
 * @param {string[]} args
 * @param {object} [how]
 * @param {Record<string, string>} [how.env]
 * @param {string} [how.terminal] It is on a terminal, to which this happens: see `terminal.py` for the words.
 * @param {number} [how.record] It happens once the journal in `dir` has this record.
 * @param {boolean} [how.isContainer] It sees no process but its own.
 * @param {boolean} [how.isFull] Its stdout and stderr lie on a full disk.
 * @param {{ signal: NodeJS.Signals, to: ('tuner' | 'trainer')[] }} [how.strike] Sent after `after` milliseconds.
 * @param {() => Promise<void>} [how.visit] Called after `after` milliseconds.
 * @param {number} [how.after]
 * @param {string} [how.dir] The run directory.
 * @returns {Promise<{ code: number | null, by: string | null, said: string }>}
 */
export async function runCommand(args, how = {}) {
  const { env = {}, terminal, record, isContainer, isFull, strike, visit, after, dir = '' } = how;
  const journal = join(dir, 'journal.jsonl');
  const command = [
    ...(terminal ? [PYTHON, TERMINAL, terminal, journal, `"seq":${record},`] : []),
    ...(isContainer ? ['unshare', '--pid', '--fork', '--mount-proc'] : []),
    process.execPath,
    CLI,
    ...args,
  ];
  const full = isFull ? openSync('/dev/full', 'w') : undefined;
  const child = spawn(command[0] ?? '', command.slice(1), {
    env: { ...process.env, OMP_NUM_THREADS: '1', ...env },
    stdio: ['ignore', full ?? 'pipe', full ?? 'pipe'],
  });
  if (full !== undefined) closeSync(full);
  let printed = '';
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  /** @type {Promise<void> | undefined} */
  let visited;
  const disturbance =
    (visit ?? strike) &&
    setTimeout(() => {
      visited = visit?.();
      for (const who of strike?.to ?? []) {
        if (who === 'tuner') child.kill(strike?.signal);
        else signalTrainer(journal, strike?.signal);
      }
    }, after);
  const [code, by] = await once(child, 'close');
  clearTimeout(limit);
  clearTimeout(disturbance);
  await visited;
  return { code: terminal && code === 0 ? JSON.parse(printed).code : code, by, said };
}

/** @param {string} path */
export function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Signals the trainer that was started last, if one was. */
function signalTrainer(journal, signal) {
  const started = readText(journal)
    .split('\n')
    .findLast((line) => line.includes('"kind":"started"'));
  try {
    if (started) process.kill(JSON.parse(started).process.pid, signal);
  } catch {
    // It has just ended.
  }
}
