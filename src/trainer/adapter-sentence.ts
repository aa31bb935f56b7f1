/** Finds the adapter's sentence among the last lines of a script that ended before the handshake. */

import { quoteLine } from '../protocol/quote.js';

/** A remedy has to be read to its end. */
const LONGEST = 1000;

/** A launcher's mark before the lines of one of its processes. */
const OF_RANK = /^\[rank\d+\]: ?/;

const FRAME = /^\s+File "(.*)", line \d+/;

/** A module of our package: its exceptions are made for the user of the script. */
const OURS = /[\\/]autolrs[\\/](?:\w+[\\/])?\w+\.py$/;

/** What Python writes before the words of an exception, and what the adapter does where it ends a script by itself. */
const BEFORE_WORDS =
  /^(?:autolrs\.errors\.\w+|ValueError|TypeError|RuntimeError|AttributeError|ImportError|autolrs): (?=\S)/;

/** The adapter's sentence, where it has raised or ended the script. */
export function adapterSentence(tail: readonly string[]): string | undefined {
  const lines = tail.map((line) => line.replace(OF_RANK, ''));
  const said = lines.findLast((line) => line.startsWith('autolrs: '));
  const frame = lines.findLastIndex((line) => FRAME.test(line));
  const [, file = ''] = FRAME.exec(lines[frame] ?? '') ?? [];
  if (!OURS.test(file)) return said && inWords(said);
  // The frame's own code follows, and only then the exception.
  const raised = lines.slice(frame + 1).find((line) => /^\S/.test(line));
  return raised && inWords(raised);
}

function inWords(line: string): string {
  return quoteLine(line.replace(BEFORE_WORDS, ''), LONGEST);
}
