import { describe, expect, it } from 'vitest';
import { StrategyRebuilder } from '../../src/app/rebuild-strategy.js';
import { resolveOptions } from '../../src/core/options.js';
import type { Entry } from '../../src/core/record/entry.js';
import { beginStrategy } from '../../src/core/strategies/registry.js';
import { identityOf } from '../../src/journal/process-identity.js';
import { drive } from '../support/drive.js';
import { SimulatedTrainer } from '../support/simulated-trainer.js';

const OPTIONS = resolveOptions({ strategy: 'horizon', steps: 400 });

/** A run that is searched apart, as its journal has it. */
function played() {
  const trainer = new SimulatedTrainer({ onlyGoesForward: true });
  const { entries } = drive(beginStrategy(OPTIONS, trainer.facts), trainer);
  const rebuilder = new StrategyRebuilder();
  rebuilder.add({
    kind: 'run',
    journal: 1,
    id: 'r',
    autolrs: '0',
    strategy: 'horizon',
    seed: 0,
    options: { ...OPTIONS },
    command: ['train'],
    cwd: '/',
    restarts: 3,
    transport: { kind: 'stdio' },
  });
  const connects = () =>
    rebuilder.add({ kind: 'trainer', facts: trainer.facts, process: identityOf(process.pid) });
  return { entries, rebuilder, connects };
}

const isBegun = (entry: Entry) => entry.kind === 'reply' && entry.reply.kind === 'begun';

describe('StrategyRebuilder', () => {
  it('tells whether there was a process of the phase that the run is in', () => {
    const { entries, rebuilder, connects } = played();
    expect(rebuilder.hasBegun).toBe(false);
    connects();
    expect(rebuilder.hasBegun).toBe(true);
    const begun = entries.findIndex(isBegun);
    for (const entry of entries.slice(0, begun)) rebuilder.add(entry);
    expect(rebuilder.hasBegun).toBe(true);
    rebuilder.add(entries[begun] ?? { kind: 'recovered' });
    expect(rebuilder.hasBegun).toBe(false);
    connects();
    expect(rebuilder.hasBegun).toBe(true);
    for (const entry of entries.slice(begun + 1)) rebuilder.add(entry);
    expect(rebuilder.replay?.resumePoint.finished).toBe('budget');
  });
});
