/** The first line of a connection, put together from what comes and bounded: its sender is not known yet. */

/** An answer to `initialize` is a few hundred bytes. */
const MAX_BYTES = 64 * 1024;

const NEWLINE = 0x0a;

export type FirstLineState =
  | { readonly kind: 'begun' }
  | { readonly kind: 'too-long' }
  /** `line` without its newline; `rest` is what came after it. */
  | { readonly kind: 'whole'; readonly line: string; readonly rest: Uint8Array };

export class FirstLine {
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  push(chunk: Uint8Array): FirstLineState {
    const newline = chunk.indexOf(NEWLINE);
    const piece = newline === -1 ? chunk : chunk.subarray(0, newline);
    this.#bytes += piece.length;
    if (this.#bytes > MAX_BYTES) return { kind: 'too-long' };
    this.#pieces.push(piece);
    if (newline === -1) return { kind: 'begun' };
    const line = new TextDecoder().decode(Buffer.concat(this.#pieces));
    return { kind: 'whole', line, rest: chunk.subarray(newline + 1) };
  }
}
