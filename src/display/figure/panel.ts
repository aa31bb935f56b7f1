/** A frame with axes, into which curves are drawn. What lies outside of it is cut off. */

import type { FigureScale } from './scale.js';
import {
  type Attributes,
  element,
  filled,
  type Pixels,
  pathThrough,
  pixel,
  stroked,
  text,
} from './svg.js';
import { COLOURS, type RoleColours } from './theme.js';

export interface PanelBox {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface PanelAxes {
  readonly x: FigureScale;
  readonly y: FigureScale;
  readonly xLabel?: string;
  readonly yLabel: string;
  /** Whether the x axis has numbers; not, where a panel below has the same. */
  readonly hasXTicks?: boolean;
}

const TICK_SIZE = 11;
const LABEL_SIZE = 11.5;

export class Panel {
  readonly #box: PanelBox;
  readonly #axes: PanelAxes;
  readonly #id: string;
  readonly #shapes: string[] = [];
  readonly #over: string[] = [];

  /** @param id Unique in the document. */
  constructor(id: string, box: PanelBox, axes: PanelAxes) {
    this.#id = id;
    this.#box = box;
    this.#axes = axes;
  }

  /** A curve; a value that is null breaks it. */
  line(
    xs: readonly number[],
    ys: readonly (number | null)[],
    colour: RoleColours,
    attributes: Attributes = {},
  ): void {
    const path = pathThrough(xs.map((x, i) => this.#place(x, ys[i] ?? null)));
    if (path === '') return;
    this.#shapes.push(
      element('path', stroked(colour, { 'stroke-width': 1.6, ...attributes, d: path })),
    );
  }

  /** A curve that keeps each value up to the next. */
  stairs(xs: readonly number[], ys: readonly number[], end: number, colour: RoleColours): void {
    const points = xs.flatMap((x, i): readonly (Pixels | undefined)[] => {
      const y = ys[i] ?? null;
      const next = xs[i + 1] ?? end;
      return [this.#place(x, y), this.#place(next, y)];
    });
    const path = pathThrough(points);
    if (path === '') return;
    this.#shapes.push(element('path', stroked(colour, { 'stroke-width': 1.8, d: path })));
  }

  /** The space between two curves. */
  band(
    xs: readonly number[],
    low: readonly (number | null)[],
    high: readonly (number | null)[],
    colour: RoleColours,
    opacity = 0.16,
  ): void {
    for (const [from, to] of stretches(low, high)) {
      const along = (ys: readonly (number | null)[]) =>
        xs.slice(from, to).map((x, i) => this.#place(x, ys[from + i] ?? null));
      const outline = [...along(high), ...along(low).reverse()];
      this.#shapes.push(
        element('path', filled(colour, { 'fill-opacity': opacity, d: `${pathThrough(outline)}Z` })),
      );
    }
  }

  dot(x: number, y: number, colour: RoleColours, radius = 3, attributes: Attributes = {}): void {
    const place = this.#place(x, y);
    if (place === undefined) return;
    const [cx, cy] = place;
    this.#shapes.push(
      element('circle', filled(colour, { cx: pixel(cx), cy: pixel(cy), r: radius, ...attributes })),
    );
  }

  /** Two strokes: what could not be measured, at the upper edge. */
  cross(x: number, colour: RoleColours): void {
    const place = this.#axes.x.at(x);
    const y = this.#box.top + 9;
    const d = `M${pixel(place - 4)} ${y - 4}l8 8m0 -8l-8 8`;
    this.#over.push(element('path', stroked(colour, { 'stroke-width': 1.8, d })));
  }

  /** A vertical bar with ends. */
  bar(
    x: number,
    low: number,
    high: number,
    colour: RoleColours,
    attributes: Attributes = {},
  ): void {
    const [from, to] = [this.#place(x, low), this.#place(x, high)];
    if (from === undefined || to === undefined) return;
    const d = `M${pixel(from[0])} ${pixel(from[1])}V${pixel(to[1])}`;
    this.#shapes.push(element('path', stroked(colour, { 'stroke-width': 1.4, d, ...attributes })));
  }

  /** A vertical line over the whole height, with words at its top. */
  mark(x: number, words: string, colour: RoleColours, dash = '4 3'): void {
    const { left, right, top, bottom } = this.#box;
    const at = this.#axes.x.at(x);
    if (at < left - 1 || at > right + 1) return;
    this.#shapes.push(
      element(
        'path',
        stroked(colour, {
          'stroke-width': 1.2,
          'stroke-dasharray': dash,
          d: `M${pixel(at)} ${top}V${bottom}`,
        }),
      ),
    );
    if (words === '') return;
    const isRight = at > (left + right) / 2;
    this.#over.push(
      text(at + (isRight ? -5 : 5), top + 13, words, {
        colour,
        anchor: isRight ? 'end' : 'start',
        size: LABEL_SIZE,
      }),
    );
  }

  /** A horizontal line over the whole width. */
  level(y: number, colour: RoleColours, dash = '4 3'): void {
    const place = this.#axes.y.at(y);
    const { left, right } = this.#box;
    const d = `M${left} ${pixel(place)}H${right}`;
    this.#shapes.push(
      element('path', stroked(colour, { 'stroke-width': 1.2, 'stroke-dasharray': dash, d })),
    );
  }

  render(): string {
    const { left, right, top, bottom } = this.#box;
    const [width, height] = [right - left, bottom - top];
    const clip = element(
      'clipPath',
      { id: this.#id },
      element('rect', { x: left, y: top - 1, width, height: height + 2 }),
    );
    return [
      clip,
      this.#grid(),
      element('g', { 'clip-path': `url(#${this.#id})` }, this.#shapes.join('')),
      this.#over.join(''),
    ].join('');
  }

  #grid(): string {
    const { left, right, top, bottom } = this.#box;
    const { x, y, xLabel, yLabel, hasXTicks = true } = this.#axes;
    const line = (d: string) => element('path', stroked(COLOURS.grid, { d }));
    const style = { colour: COLOURS.muted, size: TICK_SIZE } as const;
    const middle = pixel((top + bottom) / 2);
    return [
      ...y.ticks.map(({ value, label }) => {
        const at = pixel(y.at(value));
        const number = text(left - 8, at + 4, label, { ...style, anchor: 'end' });
        return line(`M${left} ${at}H${right}`) + number;
      }),
      ...x.ticks.map(({ value, label }) => {
        const at = x.at(value);
        const number = text(at, bottom + 17, label, { ...style, anchor: 'middle' });
        return line(`M${pixel(at)} ${top}V${bottom}`) + (hasXTicks ? number : '');
      }),
      text(14, middle, yLabel, {
        colour: COLOURS.muted,
        anchor: 'middle',
        size: LABEL_SIZE,
        transform: `rotate(-90 14 ${middle})`,
      }),
      xLabel === undefined
        ? ''
        : text((left + right) / 2, bottom + 36, xLabel, {
            colour: COLOURS.muted,
            anchor: 'middle',
            size: LABEL_SIZE,
          }),
    ].join('');
  }

  /** What is far outside of the frame is not seen, and its numbers would be long. */
  #place(x: number, y: number | null): Pixels | undefined {
    if (y === null) return undefined;
    const [px, py] = [this.#axes.x.at(x), this.#axes.y.at(y)];
    if (Number.isNaN(px) || Number.isNaN(py)) return undefined;
    const { top, bottom } = this.#box;
    const height = bottom - top;
    return [px, Math.max(top - height, Math.min(bottom + height, py))];
  }
}

/** Where both have values, as half-open ranges of indices. */
function stretches(
  low: readonly (number | null)[],
  high: readonly (number | null)[],
): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  low.forEach((value, i) => {
    if (value === null || (high[i] ?? null) === null) return;
    const last = found.at(-1);
    if (last !== undefined && last[1] === i) last[1] = i + 1;
    else found.push([i, i + 1]);
  });
  return found;
}
