/** Keeps the last lines of a text for the sentence that says why a trainer ended. Bounded, whatever comes. */

import { escapeControls } from '../../core/escape-controls.js';

const LINES = 20;
const BYTES = 8192;

/** Colours and cursor movements, which would outlive the line. */
const ESC = String.fromCharCode(0x1b);
const ESCAPE_SEQUENCE = new RegExp(`${ESC}\\[[0-?]*[ -/]*[@-~]`, 'g');

export class TailLines {
  #bytes: Uint8Array = new Uint8Array();

  push(chunk: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk.subarray(-BYTES)]).subarray(-BYTES);
  }

  /** Decoded only here: a character may come in two chunks. */
  get lines(): readonly string[] {
    return new TextDecoder()
      .decode(this.#bytes)
      .split('\n')
      .map((line) => asSeen(line.trimEnd()))
      .filter((line) => line !== '')
      .slice(-LINES);
  }
}

/** A progress bar rewrites its line: what a terminal shows of it is the last of its states. Colours are left out. */
function asSeen(line: string): string {
  const last = line.slice(line.lastIndexOf('\r') + 1);
  return escapeControls(last.replace(ESCAPE_SEQUENCE, ''));
}
