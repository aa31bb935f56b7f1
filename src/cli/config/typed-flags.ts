/** A run's flags without those of a file: what a run that goes on may be compared with. */

import type { Command } from 'commander';
import type { RawFlags } from '../flags/table.js';
import { FROM_FILE } from './apply-config.js';

/** As commander has them, but for what a file with settings has set. */
export function typedFlags(command: Command): RawFlags<'run'> {
  const typed = Object.entries(command.opts()).filter(
    ([name]) => command.getOptionValueSource(name) !== FROM_FILE,
  );
  return Object.fromEntries(typed);
}
