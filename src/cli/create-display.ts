/** Which display fits what stderr is. */

import { stderr } from '../app/output.js';
import type { Display } from '../display/run/display.js';
import type { FollowedRun } from '../display/run/live/followed-run.js';
import { createLiveDisplay } from '../display/run/live/live.js';
import type { LrLabel } from '../display/run/lr-label.js';
import { createPlainDisplay } from '../display/run/plain.js';
import { createQuietDisplay } from '../display/run/quiet.js';
import { abilitiesOf } from '../display/text/paint.js';
import { createSink } from '../display/text/sink.js';

/** @param past - Of a run that is resumed. */
export function createDisplay(quiet: boolean, word: LrLabel, past?: FollowedRun): Display {
  if (quiet) return createQuietDisplay();
  const sink = createSink(stderr);
  // A dumb terminal cannot move its cursor.
  return stderr.isTTY && process.env['TERM'] !== 'dumb'
    ? createLiveDisplay(sink, word, abilitiesOf(process.env), past)
    : createPlainDisplay(sink, word);
}
