/** The command of a phase: the same words, but for a name of the phase that the user has put into them. */

import type { Purpose } from '../../core/conversation/command.js';

const NAME = '{phase}';

/** Replaces `{phase}` in the arguments, as in `--out runs/{phase}`, where the script is started once for each. */
export function commandOfPhase(
  command: readonly [string, ...string[]],
  phase: Purpose | undefined,
): readonly [string, ...string[]] {
  if (phase === undefined) return command;
  const [program, ...args] = command;
  return [program, ...args.map((arg) => arg.replaceAll(NAME, phase))];
}
