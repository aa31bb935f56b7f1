/** What a trainer finds in its environment; the Python package comes with us, so that nothing must be installed. */

import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

export function environmentOf({
  id,
  dir,
}: {
  readonly id: string;
  readonly dir: string;
}): Record<string, string> {
  const adapters = fileURLToPath(new URL('../../adapters/python', import.meta.url));
  const { PYTHONPATH } = process.env;
  return {
    AUTOLRS: '1',
    AUTOLRS_RUN_ID: id,
    AUTOLRS_RUN_DIR: dir,
    PYTHONPATH: PYTHONPATH ? `${adapters}${delimiter}${PYTHONPATH}` : adapters,
  };
}
