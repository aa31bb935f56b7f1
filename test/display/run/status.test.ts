import { describe, expect, it } from 'vitest';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { describeStatus } from '../../../src/display/run/status.js';
import { summarize } from '../../../src/display/run/summary.js';

describe('a run whose journal has no end', () => {
  it('is running where a process is known to run it, of this host or another', () => {
    const tell = (process?: { pid: number; host?: string }) =>
      describeStatus('unfinished', 'LR', { process });
    expect(tell({ pid: 1234 })).toBe('running: process 1234');
    expect(tell({ pid: 1234, host: 'there' })).toBe('running: process 1234 on there');
    expect(tell()).toBe('unfinished: the journal has no end');
  });
});

describe('a run that failed', () => {
  it('says of what in the first line of the message, with nothing a terminal obeys', () => {
    const tell = (failure?: string) => describeStatus('failed', 'LR', { failure });
    expect(tell('bad batch\n  in train.py')).toBe('failed: bad batch');
    expect(tell('red \u001b[31m')).toBe('failed: red \\u001b[31m');
    expect(tell()).toBe('failed');
  });

  it('says it in the account in lines of at most 80 columns', () => {
    const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
    const failure = `it said ${'no '.repeat(30)}and ${'x'.repeat(100)}`;
    const lines = summarize(builder.build('failed', 1), { failure });
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(lines.join('').replaceAll(' ', '')).toContain(`failed:${failure.replaceAll(' ', '')}`);
  });
});
