/** `--replay`: what is asked of a run, with an earlier run's schedule as what is trained. */

import { resolveOptions } from '../../core/options.js';
import type { RunSettings } from '../run-context.js';

/** @throws AutolrsError when there is no such run, or it has committed nothing. */
export async function withReplay<Settings extends RunSettings>(
  settings: Settings,
): Promise<Settings> {
  const { replay, tuner } = settings;
  if (replay === undefined) return settings;
  const { loadRecorded } = await import('./load-recorded.js');
  const { recorded, keepSchedule } = await loadRecorded(replay);
  const { seed, validation, search } = tuner;
  return {
    ...settings,
    tuner: resolveOptions({
      strategy: 'recorded',
      recorded,
      keepSchedule,
      seed,
      validation,
      ...(search === 'inside' && { search }),
    }),
  };
}
