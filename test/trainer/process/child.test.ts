import { describe, expect, it } from 'vitest';
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
});
