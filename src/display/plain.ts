/** For pipes, files and CI: one plain line an event, between the trainer's own lines and never inside one. */

import { visibleLines } from '../core/visible.js';
import type { Display } from './display.js';
import { narrate } from './narrate.js';
import type { Sink } from './sink.js';
import type { LrWord } from './word.js';

const NEWLINE = 10;

export function createPlainDisplay(sink: Sink, word: LrWord): Display {
  let isAtLineStart = true;
  const say = (line: string) => {
    void sink.write(`${isAtLineStart ? '' : '\n'}autolrs: ${visibleLines(line)}\n`);
    isAtLineStart = true;
  };
  return {
    add(entry) {
      const line = entry.kind === 'decision' ? narrate(entry.decision, word) : undefined;
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
