/** Which display fits what stderr is. */

import type { Display } from '../display/display.js';
import { createLiveDisplay } from '../display/live.js';
import { createPlainDisplay } from '../display/plain.js';
import { createQuietDisplay } from '../display/quiet.js';
import { createSink } from '../display/sink.js';
import type { LrWord } from '../display/word.js';
import { stderr } from './output.js';

export function createDisplay(quiet: boolean, word: LrWord): Display {
  if (quiet) return createQuietDisplay();
  const sink = createSink(stderr);
  // A dumb terminal cannot move its cursor.
  return stderr.isTTY && process.env['TERM'] !== 'dumb'
    ? createLiveDisplay(sink, word)
    : createPlainDisplay(sink, word);
}
