import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockRun } from '../../src/journal/lock.js';
import { identityOf, isRunning } from '../../src/journal/process-identity.js';
import { temporaryDirectory } from '../support/cli.js';

/** A process that has ended, and whose id nobody has now. */
async function goneProcess() {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
  await once(child, 'spawn');
  const identity = identityOf(child.pid ?? 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return identity;
}

function lockedBy(holder: unknown): string {
  const dir = temporaryDirectory();
  writeFileSync(join(dir, 'lock'), typeof holder === 'string' ? holder : JSON.stringify(holder));
  return dir;
}

describe('lockRun', () => {
  it('holds the directory until it is released, and leaves nothing behind', () => {
    const dir = temporaryDirectory();
    const lock = lockRun(dir);
    expect(() => lockRun(dir)).toThrow(`is in use by process ${process.pid} on ${hostname()}`);
    lock.release();
    expect(readdirSync(dir)).toEqual([]);
    lockRun(dir).release();
  });

  it('breaks the lock of a process that is gone', async () => {
    const dir = lockedBy(await goneProcess());
    lockRun(dir).release();
    expect(readdirSync(dir)).toEqual([]);
  });

  it.runIf(existsSync('/proc/self/stat'))('knows a recycled process id by its start', () => {
    const recycled = { ...identityOf(process.pid), started: 'another boot 1' };
    expect(isRunning(recycled)).toBe(false);
    lockRun(lockedBy(recycled)).release();
  });

  it('does not break the lock of another host, nor one that it cannot read', () => {
    const elsewhere = { host: 'another-host', pid: 1 };
    expect(() => lockRun(lockedBy(elsewhere))).toThrow(/process 1 on another-host.*remove/);
    for (const text of ['', 'nonsense', '{"pid": 1}']) {
      expect(() => lockRun(lockedBy(text))).toThrow(/locked by nobody knows whom; remove/);
    }
  });

  it('does not release a lock that is no longer its own', () => {
    const dir = temporaryDirectory();
    const lock = lockRun(dir);
    writeFileSync(join(dir, 'lock'), '{"host": "x", "pid": 1}');
    lock.release();
    expect(existsSync(join(dir, 'lock'))).toBe(true);
  });

  it('says in words when no lock can be made', () => {
    expect(() => lockRun(join(temporaryDirectory(), 'gone'))).toThrow(/cannot be used: it is gone/);
  });
});
