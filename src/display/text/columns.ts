/** How many columns of a terminal a text takes, and how much of it fits into so many. */

/** East Asian wide and full-width forms, and emoji: two columns each. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Marks that are drawn over the letter before them. */
const NO_WIDTH = /^(?:\p{Mn}|\p{Me}|\p{Cf})/u;

/** How many columns a text takes. */
export function columnsOf(text: string): number {
  return [...text].reduce((width, character) => width + widthOf(character), 0);
}

/** The longest beginning of `text` that is at most `columns` wide; no character is cut in two. */
export function fitColumns(text: string, columns: number): string {
  let width = 0;
  let fitting = '';
  for (const character of text) {
    width += widthOf(character);
    if (width > columns) break;
    fitting += character;
  }
  return fitting;
}

function widthOf(character: string): number {
  return NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}
