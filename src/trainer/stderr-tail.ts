/** Keeps the last lines of a stream for the sentence that says why a trainer ended. Bounded, whatever comes. */

const LINES = 20;
const BYTES = 8192;

export class StderrTail {
  #text = '';

  push(chunk: Uint8Array): void {
    const added = new TextDecoder().decode(chunk.subarray(-BYTES));
    this.#text = (this.#text + added).slice(-BYTES);
  }

  get lines(): readonly string[] {
    return this.#text
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .slice(-LINES);
  }
}
