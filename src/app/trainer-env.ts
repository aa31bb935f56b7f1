/** What a trainer finds in its environment; the Python package comes with us, so that nothing must be installed. */

import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

export function trainerEnv({
  id,
  dir,
  seed,
  continues = false,
  pythonPath,
}: {
  readonly id: string;
  readonly dir: string;
  readonly seed: number;
  /** Whether another process of the run came before: this one begins where that one was. */
  readonly continues?: boolean;
  /** Where Python looks for packages besides. */
  readonly pythonPath?: string | undefined;
}): Record<string, string> {
  const adapters = fileURLToPath(new URL('../../adapters/python', import.meta.url));
  return {
    AUTOLRS: '1',
    AUTOLRS_RUN_ID: id,
    AUTOLRS_RUN_DIR: dir,
    // Said either way, or a run within a run would take the outer one's word for its own.
    AUTOLRS_CONTINUES: continues ? '1' : '0',
    AUTOLRS_RUN_SEED: String(seed),
    PYTHONPATH: pythonPath ? `${adapters}${delimiter}${pythonPath}` : adapters,
  };
}
