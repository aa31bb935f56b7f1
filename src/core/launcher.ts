/** Detects launchers in a command: programs that start several processes of a script. */

/** Stands in `workerPrefix` for our own script that starts a command where Ray has room. */
export const RAY_LAUNCHER = 'autolrs-ray';

const LAUNCHERS =
  /(?:^|[/\\])(?:torchrun|mpirun|mpiexec(?:\.hydra)?|srun|deepspeed|horovodrun|accelerate|composer|colossalai|ray|autolrs-ray)(?:\.exe)?$/;

/** A module that starts others: `python -m torch.distributed.run`, `python -m accelerate.commands.launch`. */
const LAUNCHER_MODULES = /^(?:-m)?(?:torch\.distributed\.run|(?:\w+\.)+launch(?:er)?)$/;

/** A script: what comes after it is its own affair. */
const SCRIPT = /\.(?:py|sh|js|mjs|rb|pl)$/;

/** Where the ranks of a launcher meet, as torchrun, accelerate and deepspeed have it. */
const MEETING = /^--(?:master|main[-_]process)[-_]port(?:=|$)|^--rdzv[-_]endpoint(?:=|$)/;

/** The words that give a launcher a port to meet at which no second one on the machine can have; undefined without. */
export function fixedPortOf(command: readonly string[]): string | undefined {
  const script = command.findIndex((word) => SCRIPT.test(word));
  const words = command.slice(0, script === -1 ? undefined : script);
  const at = words.findIndex((word) => MEETING.test(word));
  const word = words[at];
  // By this torchrun takes a free one, whatever else is said.
  if (word === undefined || !isLauncher(command) || words.includes('--standalone'))
    return undefined;
  const value = word.includes('=') ? word.slice(word.indexOf('=') + 1) : (words[at + 1] ?? '');
  if (/^(?:.*:)?0$/.test(value)) return undefined;
  return word.includes('=') ? word : `${word} ${value}`;
}

/** True if a word before the script is a launcher's name, or such a module's after `-m`. */
export function isLauncher(command: readonly string[]): boolean {
  const script = command.findIndex((word) => SCRIPT.test(word));
  return command
    .slice(0, script === -1 ? undefined : script)
    .some(
      (word, i) =>
        LAUNCHERS.test(word) ||
        (LAUNCHER_MODULES.test(word) && (word.startsWith('-m') || command[i - 1] === '-m')),
    );
}
