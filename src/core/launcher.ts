/** Detects launchers in a command: programs that start several processes of a script. */

/** Stands in `workerPrefix` for our own script that starts a command where Ray has room. */
export const RAY_LAUNCHER = 'autolrs-ray';

const LAUNCHERS =
  /(?:^|[/\\])(?<name>torchrun|mpirun|mpiexec(?:\.hydra)?|srun|deepspeed|horovodrun|accelerate(?:-launch)?|composer|colossalai|ray|autolrs-ray)(?:\.exe)?$/;

/** A module that starts others: `python -m torch.distributed.run`, `python -m accelerate.commands.launch`. */
const LAUNCHER_MODULES =
  /^(?:-m)?(?<name>torch\.distributed\.run|deepspeed\.launcher\.runner|(?:\w+\.)+launch(?:er)?)$/;

/** A script: what comes after it is its own affair. */
const SCRIPT = /\.(?:py|sh|js|mjs|rb|pl)$/;

export interface LauncherCommand {
  /** Its program without a folder, or its module. */
  readonly name: string;
  /** What comes after it, up to the script. */
  readonly words: readonly string[];
}

/** The launchers of a command, the outermost first. */
export function launchersIn(command: readonly string[]): readonly LauncherCommand[] {
  const script = command.findIndex((word) => SCRIPT.test(word));
  const before = command.slice(0, script === -1 ? undefined : script);
  return before.flatMap((word, i) => {
    const isModule = word.startsWith('-m') || command[i - 1] === '-m';
    const found = LAUNCHERS.exec(word) ?? (isModule ? LAUNCHER_MODULES.exec(word) : null);
    const name = found?.groups?.['name'];
    return name === undefined ? [] : [{ name, words: before.slice(i + 1) }];
  });
}

/** True if a word before the script is a launcher's name, or such a module's after `-m`. */
export function isLauncher(command: readonly string[]): boolean {
  return launchersIn(command).length > 0;
}
