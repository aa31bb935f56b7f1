/**
 * The adapter for trainers in JavaScript: a few lines around a training loop let autolrs steer its LR.
 *
 * ```js
 * import { attach } from 'autolrs/node';
 *
 * const tuner = attach({ total: 5000, getLr, setLr, save, restore, validate });
 * while (await tuner.next()) {
 *   tuner.step(trainOneBatch()); // its loss
 * }
 * ```
 *
 * Run by `autolrs run -- node train.js` the loop does what the tuner asks; run by `node train.js` it does `total` steps.
 */

import { checkHooks, type TrainerHooks } from './hooks.js';
import { DrivenTuner } from './session.js';
import { InertTuner, type Tuner } from './tuner.js';

export type { Weights } from './averages.js';
export type { TrainerHooks, Validation } from './hooks.js';
export type { Tuner } from './tuner.js';

let isAttached = false;

/**
 * Attaches a training loop to the tuner that drives this process, or to nothing if none does.
 *
 * Under a tuner stdout belongs to the wire, and what the script prints goes to stderr; unless the wire is a socket.
 *
 * @throws TypeError naming the hook that is missing.
 */
export function attach<Snapshot>(hooks: TrainerHooks<Snapshot>): Tuner {
  checkHooks(hooks);
  if (process.env['AUTOLRS'] !== '1') return new InertTuner(hooks.total);
  if (isAttached) throw new Error('attach was called twice; a script has one training loop');
  isAttached = true;
  return new DrivenTuner(hooks);
}
