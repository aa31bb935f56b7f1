import { describe, expect, it } from 'vitest';
import { readGivenToServe, readServeFlags } from '../../../src/cli/flags/read-serve.js';

describe('the flags of a run that its script has started', () => {
  it('search within the run and start nothing again, whatever the environment says', () => {
    const { pid, settings } = readServeFlags(
      {
        ...{ parent: '42', budget: '900', search: 'apart', transport: 'tcp', restarts: '5' },
        ...{ json: true, scoutDir: '/no-such', validationPattern: '(', startTimeout: '1' },
      },
      ['python', 'train.py'],
    );
    expect(pid).toBe(42);
    expect(settings.tuner).toMatchObject({ search: 'inside', budget: 900 });
    expect(settings).toMatchObject({
      restarts: 0,
      json: false,
      scoutDir: undefined,
      validationPattern: undefined,
      transport: { kind: 'unix' },
      command: ['python', 'train.py'],
    });
    expect(settings.startTimeoutMs).toBeGreaterThan(1e9);
  });

  it('tell what was given from what is a default', () => {
    const given = readGivenToServe({ minLr: '0.1', quiet: true });
    expect(given).toEqual({ minLr: 0.1 });
  });

  it('are refused as those of run are', () => {
    expect(() => readServeFlags({ parent: '1', budget: 'many' }, ['train'])).toThrow(
      '--budget is "many"',
    );
  });
});
