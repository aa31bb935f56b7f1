/** What the CLI tells people on stderr while a run goes on. Three kinds of listener, one interface. */

import type { Entry } from '../../core/record/entry.js';

export interface Display {
  add(entry: Entry): void;
  /** Losses from a progress notification. */
  tell(losses: readonly number[]): void;
  /** The trainer's own output, as it came. Resolves when more may follow. */
  passOn(chunk: Uint8Array | string): void | Promise<void>;
  /** A line of the tuner. */
  say(line: string): void;
  /** Leaves the terminal as it was found. */
  close(): void;
}
