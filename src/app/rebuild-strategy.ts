/** Brings a fresh strategy to where a run's journal ends. */

import type { TrainerFacts } from '../core/conversation/command.js';
import { resolveOptions, type TunerOptions } from '../core/options.js';
import { Replay } from '../core/record/replay.js';
import { beginStrategy, type Strategy } from '../core/strategies/registry.js';
import type { JournalEntry } from '../journal/format.js';
import type { ProcessIdentity } from '../journal/process-identity.js';

/** Takes the entries of a run in their order. A run whose trainer never connected has no replay. */
export class StrategyRebuilder {
  tuner: TunerOptions | undefined;
  facts: TrainerFacts | undefined;
  replay: Replay | undefined;
  /** The script's process that was started last, if it was the tuner that started it. */
  process: ProcessIdentity | undefined;
  /** Its workers that the tuner has started since the run was begun or resumed last. */
  workers: readonly ProcessIdentity[] = [];
  /** Whether a process of the phase that the run is in has shaken hands. */
  hasBegun = false;
  #isInside = false;
  readonly #own: Strategy | undefined;

  /** @param own - Strategy `own`, loaded, if that is the run's. */
  constructor(own?: Strategy) {
    this.#own = own;
  }

  add(entry: JournalEntry): void {
    switch (entry.kind) {
      case 'run':
        this.tuner = resolveOptions(entry.options as Partial<TunerOptions>); // checked again by it
        this.#isInside = entry.inside === true;
        return;
      case 'started':
        if (entry.worker !== undefined) this.workers = [...this.workers, entry.process];
        else this.process = this.#isInside ? undefined : entry.process;
        return;
      case 'trainer':
        this.process = this.#isInside ? undefined : entry.process;
        this.hasBegun = true;
        if (this.replay !== undefined || this.tuner === undefined) return;
        this.facts = entry.facts;
        this.replay = new Replay(
          beginStrategy(this.tuner, entry.facts, this.#own),
          entry.facts.step,
          this.tuner.search,
        );
        return;
      case 'resume':
        this.workers = []; // it has ended them
        this.#isInside = entry.inside === true;
        return;
      case 'end':
        return;
      case 'reply':
        // What comes next is the script's beginning, and no process was there before.
        if (entry.reply.kind === 'begun') this.hasBegun = false;
        this.replay?.add(entry);
        return;
      default:
        this.replay?.add(entry);
    }
  }
}
