/** Commands that start several processes of a script. */

const LAUNCHERS =
  /(?:^|[/\\])(?:torchrun|mpirun|mpiexec|srun|deepspeed|horovodrun)(?:\.exe)?$|^torch\.distributed\.(?:run|launch)$/;

/** True if a word of the command is a launcher's name, or PyTorch's as a module (`python -m torch.distributed.run`). */
export function isLauncher(command: readonly string[]): boolean {
  return command.some((word) => LAUNCHERS.test(word));
}
