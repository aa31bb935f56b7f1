/** What a script writes between its messages, where its stdout carries them: the first line before the handshake, and the first after it. */

import { escapeControls } from '../../core/escape-controls.js';

/** Long enough to recognise a line by. */
const SHOWN_CHARACTERS = 60;

export class StdoutMonitor {
  readonly #hasOwnStdout: boolean;
  readonly #onTorn: () => void;
  readonly #printed: { beforeHandshake?: string; later?: string } = {};
  #isTorn = false;

  /** @param hasOwnStdout A socket carries the messages: nothing that the script prints meets them. */
  constructor(hasOwnStdout: boolean, onTorn: () => void) {
    this.#hasOwnStdout = hasOwnStdout;
    this.#onTorn = onTorn;
  }

  /** Takes what the script has written to its stdout. */
  add(chunk: Uint8Array, isConnected: boolean): void {
    if (this.#hasOwnStdout) return;
    const text = Buffer.from(chunk).toString().trim();
    if (text === '') return;
    const shown = escapeControls(text.slice(0, SHOWN_CHARACTERS));
    this.#printed[isConnected ? 'later' : 'beforeHandshake'] ??= shown;
    // A whole message would not have come here.
    if (text.includes('"jsonrpc"')) {
      this.#isTorn = true;
      this.#onTorn();
    }
  }

  get facts() {
    const { beforeHandshake, later } = this.#printed;
    return {
      hasOwnStdout: this.#hasOwnStdout,
      isTorn: this.#isTorn,
      ...(beforeHandshake !== undefined && { printedBeforeHandshake: beforeHandshake }),
      ...(later !== undefined && { printedLater: later }),
    };
  }
}
