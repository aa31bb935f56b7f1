/** For pipes, files and CI: one plain line an event, between the trainer's own lines and never inside one. */

import { type Display, type Sink, writeTo } from './display.js';
import { narrate } from './narrate.js';

const NEWLINE = 10;

export function createPlainDisplay(sink: Sink): Display {
  let isAtLineStart = true;
  const say = (line: string) => {
    sink.write(`${isAtLineStart ? '' : '\n'}autolrs: ${line}\n`);
    isAtLineStart = true;
  };
  return {
    add(entry) {
      const line = entry.kind === 'decision' ? narrate(entry.decision) : undefined;
      if (line !== undefined) say(line);
    },
    tell() {},
    passOn(chunk) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      if (bytes.length > 0) isAtLineStart = bytes.at(-1) === NEWLINE;
      return writeTo(sink, bytes);
    },
    say,
    close() {},
  };
}
