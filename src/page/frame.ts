/** What stands around a chart: buttons for its curves, the line under it, and keys for those who use no mouse. */

import uPlot from 'uplot';
import type { LegendEntry } from '../display/figure/figure.js';
import type { RoleColours } from '../display/figure/theme.js';
import { colourOf, isZoomed, zoom } from './plot.js';

/** A button that shows and hides something. */
export interface FrameToggle {
  readonly name: string;
  readonly colour?: RoleColours;
  readonly isOn: () => boolean;
  readonly toggle: () => void;
}

export interface FrameOptions {
  /** What a reader who does not see the chart is told. */
  readonly title: string;
  /** Those that there are something to show for. */
  readonly toggles: () => readonly FrameToggle[];
  readonly hint?: string;
}

/** What a colour means, where it cannot be switched off. */
export function chip({ name, colour, shape, dash }: LegendEntry): HTMLElement {
  const element = document.createElement('span');
  element.className = 'chip';
  const kind = shape === 'line' && dash !== undefined ? 'dashed' : shape;
  element.append(swatch(colour, kind), name);
  return element;
}

function swatch(colour: RoleColours, kind = 'dot'): HTMLElement {
  const element = document.createElement('span');
  element.className = `swatch is-${kind}`;
  element.style.color = colourOf(colour);
  return element;
}

export class ChartFrame {
  readonly body: HTMLElement;
  readonly #plots: uPlot[] = [];
  readonly #bar: HTMLElement;
  readonly #readout: HTMLElement;
  readonly #reset: HTMLButtonElement;
  readonly #options: FrameOptions;

  constructor(section: HTMLElement, options: FrameOptions) {
    this.#options = options;
    const root = document.createElement('div');
    root.className = 'plot';
    this.#bar = document.createElement('div');
    this.#bar.className = 'bar';
    this.body = document.createElement('div');
    this.body.className = 'canvas';
    this.body.tabIndex = 0;
    this.body.setAttribute('role', 'img');
    this.body.setAttribute('aria-label', options.title);
    this.#readout = document.createElement('p');
    this.#readout.className = 'readout';
    this.#readout.setAttribute('role', 'status');
    this.#readout.textContent = HINT;
    this.#reset = document.createElement('button');
    this.#reset.type = 'button';
    this.#reset.textContent = 'Whole run';
    this.#reset.hidden = true;
    this.#reset.addEventListener('click', () => this.zoomAll(undefined));
    this.renderBar();
    root.append(this.#bar, this.body, this.#readout);
    section.querySelector(':scope > .plot')?.remove();
    section.append(root);
    section.classList.add('drawn');
    this.body.addEventListener('keydown', (event) => this.#onKey(event));
    new ResizeObserver(() => {
      for (const plot of this.#plots) {
        plot.setSize({ width: this.width, height: plot.height });
      }
    }).observe(this.body);
  }

  get width(): number {
    return Math.max(240, this.body.clientWidth);
  }

  set title(title: string) {
    this.body.setAttribute('aria-label', title);
  }

  say(text: string): void {
    this.#readout.textContent = text === '' ? (this.#options.hint ?? HINT) : text;
  }

  /** A plot in the frame, in line with those before. */
  addPlot(options: Omit<uPlot.Options, 'width'>, data: uPlot.AlignedData): uPlot {
    const plot = new uPlot(
      {
        legend: { show: false },
        padding: [10, 12, 0, 0],
        ...options,
        width: this.width,
        cursor: {
          points: { size: 7 },
          drag: { x: true, y: false, setScale: false },
          bind: {
            dblclick: () => () => {
              this.zoomAll(undefined);
              return null;
            },
          },
          ...options.cursor,
        },
        hooks: {
          ...options.hooks,
          setSelect: [
            (own) => {
              const { left, width } = own.select;
              if (width > 4) {
                this.zoomAll({
                  min: own.posToVal(left, 'x'),
                  max: own.posToVal(left + width, 'x'),
                });
              }
              own.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
      },
      data,
      this.body,
    );
    this.#plots.push(plot);
    return plot;
  }

  clear(): void {
    for (const plot of this.#plots) plot.destroy();
    this.#plots.length = 0;
    this.#reset.hidden = true;
  }

  zoomAll(range: { min: number; max: number } | undefined): void {
    for (const plot of this.#plots) zoom(plot, range);
    this.#reset.hidden = range === undefined;
  }

  renderBar(extra: readonly HTMLElement[] = []): void {
    const buttons = this.#options.toggles().map(({ name, colour, isOn, toggle }) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.setAttribute('aria-pressed', String(isOn()));
      if (colour !== undefined) button.append(swatch(colour));
      button.append(name);
      button.addEventListener('click', () => {
        toggle();
        button.setAttribute('aria-pressed', String(isOn()));
      });
      return button;
    });
    this.#bar.replaceChildren(...extra, ...buttons, this.#reset);
  }

  #onKey(event: KeyboardEvent): void {
    const [plot] = this.#plots;
    if (plot === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = KEYS[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act(this, plot, event.shiftKey ? 10 : 1);
  }
}

const HINT =
  'Drag to zoom in, double-click for all of it. With the keyboard: arrows, + and -, 0 for all.';

type KeyAction = (frame: ChartFrame, plot: uPlot, stride: number) => void;

const KEYS: Readonly<Record<string, KeyAction>> = {
  ArrowRight: (_, plot, stride) => moveCursor(plot, stride),
  ArrowLeft: (_, plot, stride) => moveCursor(plot, -stride),
  Home: (_, plot) => moveCursor(plot, -Infinity),
  End: (_, plot) => moveCursor(plot, Infinity),
  '+': (frame, plot) => zoomBy(frame, plot, 0.5),
  '=': (frame, plot) => zoomBy(frame, plot, 0.5),
  '-': (frame, plot) => zoomBy(frame, plot, 2),
  '0': (frame) => frame.zoomAll(undefined),
  Escape: (frame) => frame.zoomAll(undefined),
};

function moveCursor(plot: uPlot, by: number): void {
  const xs = plot.data[0];
  const { min, max } = plot.scales['x'] ?? {};
  const first = Math.max(
    0,
    xs.findIndex((x) => x >= (min ?? -Infinity)),
  );
  const last = xs.findLastIndex((x) => x <= (max ?? Infinity));
  const now = plot.cursor.idx ?? (by > 0 ? first - 1 : last + 1);
  const next = Math.min(last, Math.max(first, now + by));
  const x = xs[next];
  if (x === undefined) return;
  plot.setCursor({ left: plot.valToPos(x, 'x'), top: plot.height / 3 });
}

function zoomBy(frame: ChartFrame, plot: uPlot, factor: number): void {
  const { min, max } = plot.scales['x'] ?? {};
  if (min === undefined || max === undefined || min === null || max === null) return;
  const { idx } = plot.cursor;
  const isLog = plot.scales['x']?.distr === 3;
  const [to, from] = isLog ? [Math.log, Math.exp] : [(x: number) => x, (x: number) => x];
  const at = typeof idx === 'number' ? plot.data[0][idx] : undefined;
  const centre = at === undefined ? (to(min) + to(max)) / 2 : to(at);
  const half = ((to(max) - to(min)) / 2) * factor;
  if (factor > 1 && !isZoomed(plot)) return;
  frame.zoomAll({ min: from(centre - half), max: from(centre + half) });
}
