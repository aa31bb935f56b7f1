/** For pipes, files and CI: one plain line an event, between the trainer's own lines and never inside one. */

import { escapeLines } from '../../core/escape-controls.js';
import type { Sink } from '../text/sink.js';
import type { Display } from './display.js';
import { type LrLabel, labelAfter } from './lr-label.js';
import { narrateEntry } from './narrate.js';

const NEWLINE = 10;

export function createPlainDisplay(sink: Sink, firstLabel: LrLabel): Display {
  let label = firstLabel;
  let isAtLineStart = true;
  const say = (line: string) => {
    void sink.write(`${isAtLineStart ? '' : '\n'}autolrs: ${escapeLines(line)}\n`);
    isAtLineStart = true;
  };
  return {
    add(entry) {
      const line = narrateEntry(entry, label);
      label = labelAfter(entry, label);
      if (line !== undefined) say(line);
    },
    tell() {},
    passOn(chunk) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      if (bytes.length > 0) isAtLineStart = bytes.at(-1) === NEWLINE;
      return sink.write(bytes);
    },
    say,
    close() {},
  };
}
