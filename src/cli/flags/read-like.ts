/** `--like`: runs whose peak a new one takes. Reading their journals comes after all else was checked. */

import { resolve } from 'node:path';
import { readKnownRuns } from '../../app/files/read-known-runs.js';
import type { RunSettings } from '../../app/run-context.js';
import { AutolrsError } from '../../core/errors.js';
import { resolveOptions } from '../../core/options.js';
import type { RawFlags } from './table.js';

/** @throws AutolrsError `USAGE` for runs of which nothing can be taken, or as the journal's reader does. */
export async function withKnownRuns<Settings extends RunSettings>(
  settings: Settings,
  { like }: RawFlags<'run'>,
): Promise<Settings> {
  if (like === undefined) return settings;
  if (settings.tuner.strategy !== 'horizon') {
    throw new AutolrsError(
      'USAGE',
      `--like belongs to strategy horizon, and this run's is ${settings.tuner.strategy}; leave it out, or give --strategy horizon`,
    );
  }
  const known = await readKnownRuns(like.map((dir) => resolve(dir)));
  return { ...settings, tuner: resolveOptions({ ...settings.tuner, like: known }) };
}
