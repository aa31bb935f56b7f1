/** Colours of a terminal, for those who want them (https://no-color.org). */

const CODES = {
  blue: 34,
  yellow: 33,
  green: 32,
  red: 31,
  grey: 90,
} as const;

export type PaintColour = keyof typeof CODES;

/** What a terminal can show. */
export interface TerminalAbilities {
  /** Braille and other characters beyond ASCII. */
  readonly isUnicode: boolean;
  readonly hasColour: boolean;
}

/** The text in a colour, and what follows it in none. */
export function paint(text: string, colour: PaintColour, { hasColour }: TerminalAbilities): string {
  return hasColour && text.trim() !== '' ? `\x1b[${CODES[colour]}m${text}\x1b[39m` : text;
}

/** Colours are for those who do not say otherwise; characters beyond ASCII are for terminals that say that they know them. */
export function abilitiesOf({
  NO_COLOR,
  LC_ALL,
  LC_CTYPE,
  LANG,
}: Readonly<Record<string, string | undefined>>): TerminalAbilities {
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return { hasColour: !NO_COLOR, isUnicode: /utf-?8/i.test(locale) };
}
