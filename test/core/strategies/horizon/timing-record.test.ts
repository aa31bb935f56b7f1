import { describe, expect, it } from 'vitest';
import { TimingRecord } from '../../../../src/core/strategies/horizon/timed/timing-record.js';

const at = (secondsLeft: number, sitting?: number) =>
  ({ kind: 'timed', secondsLeft, ...(sitting !== undefined && { sitting }) }) as const;

describe('what steps and evaluations take', () => {
  it('is measured within one sitting of a run, by the newest stretches', () => {
    const times = new TimingRecord(1, 5);
    times.begin(0, at(100));
    times.end(10, at(80));
    times.noteEvaluation(at(80), at(77));
    expect([times.stepSeconds, times.evaluationSeconds]).toEqual([2, 3]);
    times.begin(10, at(77, 1));
    times.end(20, at(47, 1));
    expect(times.stepSeconds).toBe(3);
  });

  it.each([900, -900])('is not what lies between two sittings, %s s apart', (later) => {
    const times = new TimingRecord(1, 5);
    times.begin(0, at(100));
    times.end(10, at(90 + later, 1));
    times.noteEvaluation(at(100), at(90 + later, 1));
    expect([times.stepSeconds, times.evaluationSeconds]).toEqual([1, 5]);
  });

  it('is not what a clock says that was set back', () => {
    const times = new TimingRecord(1, 5);
    times.begin(0, at(100));
    times.end(10, at(100));
    times.begin(10, at(100));
    times.end(20, at(110));
    times.noteEvaluation(at(110), at(120));
    expect([times.stepSeconds, times.evaluationSeconds]).toEqual([1, 5]);
  });
});
