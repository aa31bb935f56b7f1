/** `autolrs list` as commander has it. */

import type { Command } from 'commander';
import { newCommand } from '../new-command.js';

export function createListCommand(onExit: (code: number) => void): Command {
  return newCommand('list')
    .summary('List the runs below a folder, the one that was written last first.')
    .description(
      'List the runs below a folder, the one that was written last first: status, committed steps, last loss (validation loss if there is one), last LR, and the time since its last record.',
    )
    .argument('[dir...]', 'folders, or run directories (default: the current one)')
    .usage('[options] [dir...]')
    .option('--json', 'print one JSON document instead of a table')
    .action(async (dirs: string[], flags: { json?: boolean }) => {
      const { listCommand } = await import('./list-command.js');
      onExit(await listCommand(dirs, flags.json ?? false));
    });
}
