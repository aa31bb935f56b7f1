/** Runs the real CLI as a process of its own. */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export const ROOT = join(import.meta.dirname, '..', '..');
export const FIXTURES = join(ROOT, 'test', 'fixtures', 'trainers');
const CLI = join(ROOT, 'bin', 'autolrs.js');

/** Most tests of processes count stages and probes of the published method; those of the default say so. */
const PUBLISHED = { AUTOLRS_STRATEGY: 'paper' };

export interface CliEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Sees stderr as it grows and may act on the process, for example interrupt it. */
  readonly onStderr?: (
    text: string,
    kill: (signal: NodeJS.Signals) => void,
    closeStderr: () => void,
  ) => void;
}

export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliEnd> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...PUBLISHED, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    options.onStderr?.(
      stderr,
      (signal) => child.kill(signal),
      () => child.stderr.destroy(),
    );
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** A directory that is gone when the test is done. */
export function temporaryDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'autolrs-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The command line that runs a fixture trainer. */
export function fixture(name: string): readonly string[] {
  return [process.execPath, join(FIXTURES, name)];
}

/** As `runCli`, but of a flood of output keeps the length and the last few lines alone. */
export function runCliUnread(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly bytes: number; readonly text: string }> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...PUBLISHED },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let bytes = 0;
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    text = `${text}${chunk.subarray(-4096)}`.slice(-4096);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, bytes, text }));
  });
}
