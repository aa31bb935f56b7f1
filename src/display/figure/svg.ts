/** SVG as text. Whatever is quoted in it comes from elsewhere, so all of it is escaped here. */

import { classOf, type RoleColours } from './theme.js';

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** @param children Elements, whose texts are escaped already. */
export function element(name: string, attributes: Attributes, children = ''): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => ` ${key}="${escapeMarkup(String(value))}"`)
    .join('');
  return children === '' ? `<${name}${written}/>` : `<${name}${written}>${children}</${name}>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** As text and within quotes, in HTML and XML alike. What neither may contain is left out. */
export function escapeMarkup(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replace(/(?![\t\n])[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '\uFFFD');
}

export function filled(colour: RoleColours, attributes: Attributes = {}): Attributes {
  return { class: `f${classOf(colour)}`, fill: colour.light, ...attributes };
}

export function stroked(colour: RoleColours, attributes: Attributes = {}): Attributes {
  const shape = { fill: 'none', 'stroke-linejoin': 'round', 'stroke-linecap': 'round' };
  return { class: `s${classOf(colour)}`, stroke: colour.light, ...shape, ...attributes };
}

export interface TextStyle {
  readonly colour: RoleColours;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size?: number;
  readonly weight?: number;
  readonly transform?: string;
}

export function text(x: number, y: number, words: string, style: TextStyle): string {
  const { colour, anchor, size, weight, transform } = style;
  return element(
    'text',
    filled(colour, {
      x: pixel(x),
      y: pixel(y),
      'text-anchor': anchor === 'start' ? undefined : anchor,
      'font-size': size,
      'font-weight': weight,
      transform,
    }),
    escapeMarkup(words),
  );
}

/** Less than a tenth of a pixel is not seen. */
export function pixel(value: number): number {
  return Math.round(10 * value) / 10;
}

export type Pixels = readonly [x: number, y: number];

/** A line through points; one that is undefined breaks it. */
export function pathThrough(points: readonly (Pixels | undefined)[]): string {
  let path = '';
  let isDown = false;
  for (const point of points) {
    if (point === undefined) {
      isDown = false;
      continue;
    }
    path += `${isDown ? 'L' : 'M'}${pixel(point[0])} ${pixel(point[1])}`;
    isDown = true;
  }
  return path;
}
