/** Validation losses that a script prints, found by a pattern of the user's. */

/** A line that is longer is no report of a loss. */
const MOST_CHARACTERS = 16 * 1024;

export class PrintedLossReader {
  readonly #pattern: RegExp;
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  readonly #partial = { stdout: '', stderr: '' };
  #losses: number[] = [];
  #hasFound = false;

  /** @param pattern Its first group is the loss. */
  constructor(pattern: string) {
    this.#pattern = new RegExp(pattern);
  }

  add(chunk: Uint8Array, from: 'stdout' | 'stderr'): void {
    const text = this.#partial[from] + this.#decoders[from].decode(chunk, { stream: true });
    // A progress bar ends its lines by a carriage return alone.
    const lines = text.split(/[\r\n]+/);
    this.#partial[from] = (lines.pop() ?? '').slice(-MOST_CHARACTERS);
    for (const line of lines) this.#read(line);
  }

  /** Whether any line was of the pattern, with a number in it. */
  get hasFound(): boolean {
    return this.#hasFound;
  }

  /** Those that came since it was asked last. */
  take(): readonly number[] {
    const losses = this.#losses;
    this.#losses = [];
    return losses;
  }

  #read(line: string): void {
    const text = this.#pattern.exec(line.slice(0, MOST_CHARACTERS))?.[1];
    if (text === undefined || text.trim() === '') return;
    const isNonFinite = /^[+-]?(nan|inf(inity)?)$/i.test(text.trim());
    const loss = isNonFinite ? Number.NaN : Number(text);
    if (!isNonFinite && !Number.isFinite(loss)) return;
    this.#hasFound = true;
    this.#losses.push(loss);
  }
}
