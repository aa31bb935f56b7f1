/** For `--quiet`: says nothing. Errors are told by the CLI itself, and the trainer's output is in its log. */

import type { Display } from './display.js';

export function createQuietDisplay(): Display {
  return { add() {}, tell() {}, passOn() {}, say() {}, close() {} };
}
