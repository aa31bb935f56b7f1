/** `autolrs config` as commander has it. */

import type { Command } from 'commander';
import { newCommand } from '../new-command.js';

export function createConfigCommand(onExit: (code: number) => void): Command {
  return newCommand('config')
    .summary('Print every setting of a run, and where its value comes from.')
    .description(
      'Print every setting of a run in this folder, and where its value comes from: the environment, a file (autolrs.toml, or [tool.autolrs] in pyproject.toml), or the default. A flag beats all of these.',
    )
    .option('--json', 'print one JSON document instead of a table')
    .action(async (flags: { json?: boolean }) => {
      const { configCommand } = await import('./config-command.js');
      onExit(await configCommand(flags.json ?? false));
    });
}
