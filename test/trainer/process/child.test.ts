import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { startChild } from '../../../src/trainer/process/child.js';

describe('child processes', () => {
  it('are many without a warning of a leak, and leave no listener behind', async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on('warning', warn);
    const before = process.listenerCount('exit');
    const pass = async () => {};
    const children = await Promise.all(
      Array.from({ length: 12 }, () =>
        startChild({ command: ['cat'], env: {}, stdin: 'pipe', onStdout: pass, onStderr: pass }),
      ),
    );
    expect(process.listenerCount('exit')).toBeLessThanOrEqual(before + 1);
    for (const child of children) child.endStdin();
    await Promise.all(children.map(({ ended }) => ended));
    process.off('warning', warn);
    expect(warnings).toEqual([]);
    expect(process.listenerCount('exit')).toBe(before);
  });

  it.runIf(existsSync('/proc/self/stat'))('leave no watchdog behind where they end', async () => {
    const pass = async () => {};
    const child = await startChild({
      command: ['cat'],
      env: {},
      stdin: 'pipe',
      endsWithUs: true,
      onStdout: pass,
      onStderr: pass,
    });
    await vi.waitFor(() => expect(watchdogsOf(child.pid)).toHaveLength(1));
    child.endStdin();
    await child.ended;
    await vi.waitFor(() => expect(watchdogsOf(child.pid)).toEqual([]));
  });
});

/** Shells whose last argument is a process. */
function watchdogsOf(pid: number): readonly string[] {
  return readdirSync('/proc').filter((each) => {
    try {
      const words = readFileSync(`/proc/${each}/cmdline`, 'utf8').split('\0');
      return words[0] === 'sh' && words.at(-2) === String(pid);
    } catch {
      return false;
    }
  });
}
