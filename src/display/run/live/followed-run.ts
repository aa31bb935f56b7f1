/** What the live view shows of a run, folded from its entries; of one that is resumed, from those in its journal as well. */

import type { Entry } from '../../../core/record/entry.js';
import { Progress } from '../progress.js';
import { LivePlots } from './live-plots.js';

export class FollowedRun {
  readonly progress = new Progress();
  readonly plots = new LivePlots();

  add(entry: Entry): void {
    this.progress.add(entry);
    this.plots.add(entry, this.progress.snapshot().ledger.committed);
  }

  /** Losses that the trainer told of before it answers. */
  tell(losses: readonly number[]): void {
    this.progress.tell(losses);
    this.plots.tell(losses);
  }
}
