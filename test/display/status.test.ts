import { describe, expect, it } from 'vitest';
import { describeStatus } from '../../src/display/status.js';

describe('a run whose journal has no end', () => {
  it('is running where a process is known to run it, of this host or another', () => {
    const tell = (process?: { pid: number; host?: string }) =>
      describeStatus('unfinished', 'LR', { process });
    expect(tell({ pid: 1234 })).toBe('running: process 1234');
    expect(tell({ pid: 1234, host: 'there' })).toBe('running: process 1234 on there');
    expect(tell()).toBe('unfinished: the journal has no end');
  });
});
