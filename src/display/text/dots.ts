/** A picture of dots in characters: two by four to a cell as Braille, or one by two in ASCII. */

const BRAILLE = 0x2800;

/** Bits of a cell's dots, row by row. */
const BITS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** By whether the upper and the lower half have a dot. */
const ASCII = [' ', '.', "'", ':'] as const;

export class DotGrid {
  readonly #columns: number;
  readonly #rows: number;
  readonly #isUnicode: boolean;
  readonly #cells: Uint8Array;

  constructor(columns: number, rows: number, isUnicode: boolean) {
    this.#columns = columns;
    this.#rows = rows;
    this.#isUnicode = isUnicode;
    this.#cells = new Uint8Array(columns * rows);
  }

  /** @param x, y From the upper left corner, in [0, 1]; outside of it nothing is drawn. */
  dot(x: number, y: number): void {
    if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) return;
    const [across, down] = [Math.round(x * this.#width), Math.round(y * this.#height)];
    const cell = this.#columns * Math.floor(down / 4) + Math.floor(across / 2);
    this.#cells[cell] = (this.#cells[cell] ?? 0) | (BITS[down % 4]?.[across % 2] ?? 0);
  }

  /** A straight line. */
  line(from: readonly [x: number, y: number], to: readonly [x: number, y: number]): void {
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const dots = Math.ceil(Math.max(Math.abs(dx) * this.#width, Math.abs(dy) * this.#height, 1));
    if (!Number.isFinite(dots)) return;
    for (let i = 0; i <= dots; i++) {
      this.dot(from[0] + (dx * i) / dots, from[1] + (dy * i) / dots);
    }
  }

  /** Each row, cell by cell. */
  get rows(): readonly (readonly string[])[] {
    return Array.from({ length: this.#rows }, (_, row) =>
      Array.from(this.#cells.subarray(row * this.#columns, (row + 1) * this.#columns), (bits) =>
        this.#character(bits),
      ),
    );
  }

  get #width(): number {
    return 2 * this.#columns - 1;
  }

  get #height(): number {
    return 4 * this.#rows - 1;
  }

  #character(bits: number): string {
    if (bits === 0) return ' ';
    if (this.#isUnicode) return String.fromCodePoint(BRAILLE + bits);
    const [upper, lower] = [(bits & 0x1b) !== 0, (bits & 0xe4) !== 0];
    return ASCII[(upper ? 2 : 0) + (lower ? 1 : 0)] ?? ' ';
  }
}
