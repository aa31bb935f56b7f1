/** What people read for an LR: with `--base user` it is a factor on the script's own. */

import type { Base } from '../core/options.js';

export type LrWord = 'LR' | 'factor';

export function wordOf(base: Base): LrWord {
  return base === 'user' ? 'factor' : 'LR';
}
