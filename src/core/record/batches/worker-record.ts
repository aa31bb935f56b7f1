/** What of a run's probes was done by other processes than the main one. */

import type { WorkerEntry } from '../entry.js';
import type { WorkersResult } from '../result.js';

export class WorkerRecord {
  readonly #admitted = new Set<number>();
  readonly #refused = new Set<number>();
  #gone = 0;
  #probes = 0;
  #ofProbes = 0;

  add({ worker, state }: WorkerEntry): void {
    if (state === 'gone') this.#gone++;
    else (state === 'admitted' ? this.#admitted : this.#refused).add(worker);
  }

  /** A probe of a batch was done by `worker`; 0 is the main process. */
  addProbe(worker: number): void {
    this.#ofProbes++;
    if (worker > 0) this.#probes++;
  }

  get result(): { readonly workers?: WorkersResult } {
    const [admitted, refused] = [this.#admitted.size, this.#refused.size];
    if (admitted + refused + this.#gone === 0) return {};
    const [gone, probes, ofProbes] = [this.#gone, this.#probes, this.#ofProbes];
    return { workers: { admitted, refused, gone, probes, ofProbes } };
  }
}
