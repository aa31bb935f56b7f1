/** The colours of figures, which differ in a light and in a dark surrounding. */

export interface RoleColours {
  readonly light: string;
  readonly dark: string;
}

/** What a colour stands for, and what it is: told apart by those who see no red or no green. */
export const COLOURS = {
  ink: { light: '#1f2328', dark: '#e6edf3' },
  muted: { light: '#59636e', dark: '#9aa4af' },
  grid: { light: '#e1e5ea', dark: '#2c333d' },
  committed: { light: '#2563eb', dark: '#7aaeff' },
  validation: { light: '#d9480f', dark: '#ff9b5e' },
  lr: { light: '#0b7a69', dark: '#41cdb4' },
  trial: { light: '#aab2bd', dark: '#5b6675' },
  forecast: { light: '#7c3aed', dark: '#bb9bff' },
  diverged: { light: '#c42b35', dark: '#ff8079' },
} as const satisfies Readonly<Record<string, RoleColours>>;

export type ColourRole = keyof typeof COLOURS;

/** For runs side by side, with `DASHES` for those who do not see them. */
export const RUN_COLOURS: readonly RoleColours[] = [
  { light: '#2563eb', dark: '#7aaeff' },
  { light: '#d9480f', dark: '#ff9b5e' },
  { light: '#0b7a69', dark: '#41cdb4' },
  { light: '#7c3aed', dark: '#bb9bff' },
  { light: '#8a6700', dark: '#e3b341' },
  { light: '#b4317c', dark: '#f78fbf' },
];

export const DASHES: readonly string[] = ['', '7 3', '2 3', '9 3 2 3'];

export function runColour(index: number): RoleColours {
  return RUN_COLOURS[index % RUN_COLOURS.length] ?? COLOURS.committed;
}

/** Dashes of a run: once its colour was another's, it has others. */
export function runDash(index: number): string {
  return DASHES[Math.floor(index / RUN_COLOURS.length) % DASHES.length] ?? '';
}

/** The class of what has a colour: figures are drawn light, and dark surroundings say otherwise by it. */
export function classOf({ light }: RoleColours): string {
  return `c${light.slice(1)}`;
}

/** Rules that give everything its dark colour. */
export function darkRules(scope = ''): string {
  const all = [...Object.values(COLOURS), ...RUN_COLOURS];
  const unique = new Map(all.map((colours) => [classOf(colours), colours.dark]));
  return [...unique]
    .map(([name, dark]) => `${scope}.f${name}{fill:${dark}}${scope}.s${name}{stroke:${dark}}`)
    .join('');
}

/** What a figure that stands alone brings with it. */
export const STANDALONE_STYLE = `@media (prefers-color-scheme:dark){${darkRules()}}`;
