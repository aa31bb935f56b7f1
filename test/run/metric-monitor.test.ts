import { describe, expect, it } from 'vitest';
import type { Purpose } from '../../src/core/conversation/command.js';
import { MetricMonitor } from '../../src/run/metric-monitor.js';

function warningsOf(
  ...validations: readonly (readonly [Purpose, Record<string, number>, loss?: number])[]
) {
  const warnings: string[] = [];
  const monitor = new MetricMonitor({ name: 'f1', maximize: true }, (message) =>
    warnings.push(message),
  );
  for (const [purpose, metrics, loss = 1] of validations) {
    monitor.add({ kind: 'command', command: { kind: 'validate', purpose } });
    monitor.add({ kind: 'reply', reply: { kind: 'validated', loss, metrics, seconds: 0 } });
  }
  return warnings;
}

describe('MetricMonitor', () => {
  it('warns once of a validation that lacks the metric, or whose metric is not finite', () => {
    expect(warningsOf(['commit', { f1: 0.5 }], ['commit', {}], ['commit', {}])).toEqual([
      'f1 is not there in this validation, which therefore counts neither as better nor as worse; let validate return it each time',
    ]);
    const [warning] = warningsOf(['commit', { f1: Number.NaN }]);
    expect(warning).toContain('f1 is not finite in this validation');
  });

  it('says nothing of a first validation without it, which is refused', () => {
    expect(warningsOf(['commit', { acc: 0.5 }])).toEqual([]);
  });

  it('says nothing of probes, which the loss decides on, nor of a model that diverged', () => {
    expect(warningsOf(['search', {}], ['commit', {}, Number.NaN], ['commit', { f1: 0 }])).toEqual(
      [],
    );
  });
});
