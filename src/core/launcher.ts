/** Detects launchers in a command: programs that start several processes of a script. */

const LAUNCHERS =
  /(?:^|[/\\])(?:torchrun|mpirun|mpiexec(?:\.hydra)?|srun|deepspeed|horovodrun)(?:\.exe)?$|^(?:-m)?torch\.distributed\.(?:run|launch)$/;

/** A script: what comes after it is its own affair. */
const SCRIPT = /\.(?:py|sh|js|mjs|rb|pl)$/;

/** True if a word before the script is a launcher's name, or PyTorch's as a module (`python -m torch.distributed.run`). */
export function isLauncher(command: readonly string[]): boolean {
  const script = command.findIndex((word) => SCRIPT.test(word));
  return command.slice(0, script === -1 ? undefined : script).some((word) => LAUNCHERS.test(word));
}
