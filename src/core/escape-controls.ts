/** Foreign text, for a terminal: nothing in it may move the cursor, fake a line or turn text around. */

/** Controls but the tab, halves of characters, and what breaks or reverses a line. */
const HIDDEN = /(?!\t)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** As `visible`, for a text of several lines. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeControls).join('\n');
}

/** The text with what a terminal would obey written as JSON escapes it: `\u001b`. */
export function escapeControls(text: string): string {
  return replaceControls(
    text,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function hasControls(text: string): boolean {
  return text.search(HIDDEN) >= 0;
}

export function replaceControls(text: string, by: (character: string) => string): string {
  return text.replace(HIDDEN, by);
}
