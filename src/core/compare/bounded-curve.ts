/** A curve that never grows beyond so many points, however long its run. Up to there it is every point as it came. */

interface Placed {
  /** Committed steps, which grow from point to point. */
  readonly committed: number;
  /** NaN where it was not finite. */
  readonly loss: number;
}

/** Some megabytes a run. Beyond it a point is the mean of 2, 4, 8 … losses, which no figure and no verdict tells apart. */
const MOST_POINTS = 2 ** 18;

export class BoundedCurve<Point extends Placed> {
  readonly #most: number;
  #points: Point[] = [];
  /** Losses of a point. */
  #stride = 1;
  /** The points that are still to make one. */
  #open: Point[] = [];

  constructor(most = MOST_POINTS) {
    this.#most = most;
  }

  get points(): readonly Point[] {
    return this.#open.length === 0 ? this.#points : [...this.#points, joined(this.#open)];
  }

  add(point: Point): void {
    this.#open.push(point);
    if (this.#open.length < this.#stride) return;
    this.#points.push(joined(this.#open));
    this.#open = [];
    if (this.#points.length >= this.#most) this.#halve();
  }

  /** Forgets what came after so many committed steps. A point that reaches beyond is forgotten as a whole. */
  cutAfter(committed: number): void {
    cutAfter(this.#open, committed);
    cutAfter(this.#points, committed);
  }

  #halve(): void {
    const halved: Point[] = [];
    for (let i = 0; i + 1 < this.#points.length; i += 2) {
      halved.push(joined(this.#points.slice(i, i + 2)));
    }
    this.#points = halved;
    this.#stride *= 2;
  }
}

/** The mean of their finite losses, known where the last of them is. */
function joined<Point extends Placed>(points: readonly Point[]): Point {
  const last = points.at(-1);
  if (last === undefined) throw new Error('a point is made of one at least');
  if (points.length === 1) return last;
  const losses = points.map(({ loss }) => loss).filter(Number.isFinite);
  const loss = losses.reduce((sum, one) => sum + one, 0) / losses.length; // 0 / 0 is NaN, as it should be
  return { ...last, loss };
}

function cutAfter(points: Placed[], committed: number): void {
  let length = points.length;
  while ((points[length - 1]?.committed ?? 0) > committed) length--;
  points.length = length;
}
