import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { holderOf, type Lock, lockRun } from '../../src/journal/lock/lock.js';
import { identityOf, isRunning } from '../../src/journal/process-identity.js';
import { temporaryDirectory } from '../support/cli.js';

/** Called before each change or look that `lockRun` makes. */
const seam = vi.hoisted(() => ({ before: () => {} }));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<Record<string, (...args: unknown[]) => unknown>>();
  const seamed = 'linkSync openSync readFileSync renameSync rmSync'.split(' ').map((name) => [
    name,
    (...args: unknown[]) => {
      seam.before();
      return real[name]?.(...args);
    },
  ]);
  return { ...real, ...Object.fromEntries(seamed) };
});

/** Tries to lock `dir`, with others doing the same inside, one before each of the `moments`; returns who holds it. */
function lockAtOnce(dir: string, moments: readonly number[]): readonly Lock[] {
  const locks: Lock[] = [];
  let count = 0;
  let isInside = false;
  const attempt = () => {
    try {
      locks.push(lockRun(dir));
    } catch (error) {
      expect(error).toMatchObject({ code: 'RUN_LOCKED' });
    }
  };
  seam.before = () => {
    if (isInside) return;
    isInside = true;
    for (const moment of moments) if (moment === count) attempt();
    count++;
    isInside = false;
  };
  try {
    attempt();
  } finally {
    seam.before = () => {};
  }
  expect(count).toBeLessThan(MOMENTS.length);
  return locks;
}

/** More moments than `lockRun` has. */
const MOMENTS = Array.from({ length: 24 }, (_, i) => i);

/** A process that has ended, and whose id no process has now. */
async function goneProcess() {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
  await once(child, 'spawn');
  const identity = identityOf(child.pid ?? 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return identity;
}

/** What the right to take over a lock with this content is named after. */
function nameAfter(holder: unknown): string {
  return createHash('sha256').update(JSON.stringify(holder)).digest('hex').slice(0, 16);
}

const NEST = ['--user', '--pid', '--fork', '--kill-child'];

/** Whether we see the processes of all namespaces, and may make one. */
const canNest =
  existsSync('/proc/self/ns/pid') &&
  readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]' &&
  spawnSync('unshare', [...NEST, 'true']).status === 0;

/** The process that `parent` has started, once it has its own namespace. */
function childOf(parent: number): number {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8');
  const child = Number(children.trim().split(' ')[0]);
  expect(readFileSync(`/proc/${child}/status`, 'utf8')).toMatch(/^NSpid:\s+\d+\s+1$/m);
  return child;
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

  it('gives an abandoned lock to one of three that break it at once, at whatever moments', async () => {
    const gone = await goneProcess();
    for (const second of MOMENTS) {
      for (const third of MOMENTS.slice(second)) {
        const dir = lockedBy(gone);
        const locks = lockAtOnce(dir, [second, third]);
        expect(locks, `at ${second} and ${third}`).toHaveLength(1);
        expect(readdirSync(dir)).toEqual(['lock']);
        locks[0]?.release();
        expect(readdirSync(dir)).toEqual([]);
      }
    }
  });

  it('breaks an abandoned lock although a process died while it broke it', async () => {
    const [first, second, third] = [await goneProcess(), await goneProcess(), await goneProcess()];
    const dir = lockedBy(first);
    const right = `lock.${nameAfter(first)}`;
    writeFileSync(join(dir, right), JSON.stringify(second));
    writeFileSync(join(dir, `${right}.${nameAfter(second)}`), JSON.stringify(third));
    const lock = lockRun(dir);
    expect(readdirSync(dir)).toEqual(['lock']);
    lock.release();
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
      expect(() => lockRun(lockedBy(text))).toThrow(
        /its lock does not tell by which process; remove/,
      );
    }
  });

  it('does not break the lock of a container with the same host name and process ids of its own', async () => {
    const gone = await goneProcess();
    const elsewhere = { ...gone, started: 'another boot 1', pidNamespace: 'pid:[1]' };
    const dir = lockedBy(elsewhere);
    expect(() => lockRun(dir)).toThrow(
      `is in use by process ${elsewhere.pid} on ${hostname()}, in another container or in this one before a restart; wait for it to end, or remove ${join(dir, 'lock')} if you know`,
    );
    expect(holderOf(dir)).toEqual(elsewhere);
  });

  it.runIf(existsSync('/proc/self/ns/pid'))(
    'breaks the lock of a container before its restart, where the kernel gives out its namespace again',
    () => {
      // The first process of a container is number 1, before a restart and after it.
      const { started = '', ...own } = identityOf(1);
      const [boot] = started.split(' ');
      lockRun(lockedBy({ ...own, started: `${boot} 1` })).release();
    },
  );

  it.runIf(canNest)('outside of a container breaks its lock once its tuner is gone', async () => {
    const nested = spawn('unshare', [
      ...NEST,
      process.execPath,
      '-e',
      'setInterval(() => {}, 1e6)',
    ]);
    await once(nested, 'spawn');
    const inner = await vi.waitFor(() => childOf(nested.pid ?? 0), { timeout: 10_000 });
    const { started = '' } = identityOf(inner);
    const pidNamespace = readlinkSync(`/proc/${inner}/ns/pid`);
    const dir = lockedBy({ host: hostname(), pid: 1, started, pidNamespace });
    expect(() => lockRun(dir)).toThrow('in another container');
    process.kill(inner, 'SIGKILL');
    await once(nested, 'exit');
    lockRun(dir).release();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('shows what a lock says of its host without what a terminal would obey', () => {
    const dir = lockedBy({ host: '\u001b]52;c;x\u0007', pid: 1 });
    expect(() => lockRun(dir)).toThrow('on \\u001b]52;c;x\\u0007; wait');
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

/** A directory that was locked so many seconds ago. */
function lockedLongAgo(holder: unknown, seconds: number): string {
  const dir = lockedBy(holder);
  const at = Date.now() / 1000 - seconds;
  utimesSync(join(dir, 'lock'), at, at);
  return dir;
}

const DISTANT = { host: 'another-host', pid: 1, leaseSeconds: 60 };

describe('the lease of a lock', () => {
  it('is over once the lock was not renewed for so long, on another host or in another container', () => {
    const nested = { ...identityOf(process.pid), pidNamespace: 'pid:[1]', started: 'x 1' };
    for (const holder of [DISTANT, { ...nested, leaseSeconds: 60 }]) {
      expect(() => lockRun(lockedLongAgo(holder, 50))).toThrow('is in use by process');
      const dir = lockedLongAgo(holder, 70);
      lockRun(dir).release();
      expect(readdirSync(dir)).toEqual([]);
    }
  });

  it('does not end a process that runs, nor a lock of a version that knew no lease', () => {
    const here = { ...identityOf(process.pid), leaseSeconds: 60 };
    expect(() => lockRun(lockedLongAgo(here, 1e6))).toThrow('is in use by process');
    const old = { host: 'another-host', pid: 1 };
    expect(() => lockRun(lockedLongAgo(old, 1e6))).toThrow('is in use by process');
  });

  it('ends at once where the job of the holder was started again, and only then', () => {
    const job = { id: 'slurm lab 7', restarts: 1 };
    const held = { ...DISTANT, job };
    for (const other of [job, { ...job, restarts: 0 }, { id: 'slurm lab 8', restarts: 2 }]) {
      expect(() => lockRun(lockedBy(held), { job: other })).toThrow('is in use by process');
    }
    expect(() => lockRun(lockedBy(DISTANT), { job })).toThrow('is in use by process');
    const dir = lockedBy(held);
    const lock = lockRun(dir, { job: { ...job, restarts: 2 } });
    expect(JSON.parse(readFileSync(join(dir, 'lock'), 'utf8')).job.restarts).toBe(2);
    lock.release();
  });

  it('is renewed while the lock is held', async () => {
    const dir = temporaryDirectory();
    const lock = lockRun(dir, { leaseSeconds: 0.2 });
    const path = join(dir, 'lock');
    utimesSync(path, 1, 1);
    await vi.waitFor(() => expect(statSync(path).mtimeMs).toBeGreaterThan(1000));
    expect(() => lock.assertHeld()).not.toThrow();
    lock.release();
  });

  it('is seen to be lost by whoever was suspended, before anything is written', () => {
    const dir = temporaryDirectory();
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    try {
      const lock = lockRun(dir);
      lock.assertHeld();
      writeFileSync(join(dir, 'lock'), JSON.stringify({ ...DISTANT, pid: 4321 }));
      vi.setSystemTime(Date.now() + 40_000);
      expect(() => lock.assertHeld()).toThrow(
        `process 4321 on another-host has taken over "${dir}" while this tuner was suspended`,
      );
      lock.release();
      expect(existsSync(join(dir, 'lock'))).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not lost by a lock that somebody has removed', () => {
    const dir = temporaryDirectory();
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    try {
      const lock = lockRun(dir);
      lock.release();
      vi.setSystemTime(Date.now() + 40_000);
      expect(() => lock.assertHeld()).not.toThrow();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('holderOf', () => {
  it('names whoever holds the directory, on this host or another, while that one may run', async () => {
    const dir = temporaryDirectory();
    const lock = lockRun(dir);
    expect(holderOf(dir)).toEqual({ ...identityOf(process.pid), leaseSeconds: 60 });
    lock.release();
    const elsewhere = { host: 'another-host', pid: 1 };
    expect(holderOf(lockedBy(elsewhere))).toEqual(elsewhere);
    const others = [dir, lockedBy(await goneProcess()), lockedBy('nonsense')];
    expect(others.map(holderOf)).toEqual([undefined, undefined, undefined]);
    expect(holderOf(lockedLongAgo(DISTANT, 1000))).toBeUndefined();
  });
});
