import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startSuspendAwareTimer } from '../../../src/trainer/rpc/suspend-aware-timer.js';

/** As a stopped process is: nothing of it runs. */
function stopProcess(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('an awake timer', () => {
  it('leaves out the time in which the process was stopped', async () => {
    let hasEnded = false;
    const began = performance.now();
    const ended = new Promise<void>((resolve) => {
      startSuspendAwareTimer(
        60,
        () => {
          hasEnded = true;
          resolve();
        },
        20,
      );
    });
    stopProcess(300);
    // The slice that was under way ends late, and counts once.
    await setImmediate();
    await setImmediate();
    expect(hasEnded).toBe(false);
    await ended;
    expect(performance.now() - began).toBeGreaterThanOrEqual(335);
  });

  it('ends once it is due, slice or no slice', async () => {
    for (const [ms, slice] of [
      [5, 1000],
      [25, 10],
    ] as const) {
      const began = performance.now();
      await new Promise<void>((resolve) => {
        startSuspendAwareTimer(ms, resolve, slice);
      });
      expect(performance.now() - began).toBeGreaterThanOrEqual(ms - 2);
    }
  });

  it('waits for longer than setTimeout can hold, which ends at once then', async () => {
    let hasEnded = false;
    const callOff = startSuspendAwareTimer(2 ** 40, () => {
      hasEnded = true;
    });
    await new Promise<void>((resolve) => {
      startSuspendAwareTimer(20, resolve);
    });
    callOff();
    expect(hasEnded).toBe(false);
  });

  it('leaves out the slices in which it was held', async () => {
    let slices = 0;
    const began = performance.now();
    await new Promise<void>((resolve) => {
      startSuspendAwareTimer(20, resolve, 10, () => ++slices <= 3);
    });
    expect(slices).toBe(5);
    expect(performance.now() - began).toBeGreaterThanOrEqual(45);
  });

  it('can be called off between slices', async () => {
    const ends: string[] = [];
    await new Promise<void>((resolve) => {
      const callOff = startSuspendAwareTimer(30, () => ends.push('called off'), 10);
      startSuspendAwareTimer(15, callOff, 5);
      startSuspendAwareTimer(60, resolve, 60);
    });
    expect(ends).toEqual([]);
  });
});
