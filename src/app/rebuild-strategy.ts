/** Brings a fresh strategy to where a run's journal ends. */

import type { TrainerFacts } from '../core/conversation/command.js';
import { resolveOptions, type TunerOptions } from '../core/options.js';
import { Replay } from '../core/record/replay.js';
import { beginStrategy } from '../core/strategies/registry.js';
import type { JournalEntry } from '../journal/format.js';
import type { ProcessIdentity } from '../journal/process-identity.js';

/** Takes the entries of a run in their order. A run whose trainer never connected has no replay. */
export class StrategyRebuilder {
  tuner: TunerOptions | undefined;
  facts: TrainerFacts | undefined;
  replay: Replay | undefined;
  /** The script's process that was started last. */
  process: ProcessIdentity | undefined;

  add(entry: JournalEntry): void {
    switch (entry.kind) {
      case 'run':
        this.tuner = resolveOptions(entry.options as Partial<TunerOptions>); // checked again by it
        return;
      case 'started':
        this.process = entry.process;
        return;
      case 'trainer':
        this.process = entry.process;
        if (this.replay !== undefined || this.tuner === undefined) return;
        this.facts = entry.facts;
        this.replay = new Replay(beginStrategy(this.tuner, entry.facts), entry.facts.step);
        return;
      case 'end':
      case 'resume':
        return;
      default:
        this.replay?.add(entry);
    }
  }
}
