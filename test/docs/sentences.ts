/** The prose of a Markdown page, sentence by sentence: no code, tables, headings, images or comments. */

/** Each sentence on one line, with code, links and emphasis as plain words. */
export function sentencesOf(markdown: string): readonly string[] {
  return paragraphsOf(markdown).flatMap((paragraph) =>
    plainText(paragraph)
      .split(/(?<=[.!?][)"”]*)\s+(?=["“(*]*[A-Z0-9])/)
      .filter((sentence) => wordCount(sentence) > 0 && !/^(?:CODE[,.]?\s*)+$/.test(sentence)),
  );
}

/** Words hold a letter or a digit; code between backticks is one word. */
export function wordCount(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\d]/u.test(word)).length;
}

/** Blocks of text between empty lines; each item of a list is one. */
function paragraphsOf(markdown: string): readonly string[] {
  return markdown
    .replaceAll(/^ *```[\s\S]*?^ *```/gm, '')
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .replaceAll(/^(?:\||#|!\[).*$/gm, '')
    .split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )/)
    .map((block) => block.replace(/^\s*(?:[-*]|\d+\.) /, '').trim())
    .filter((block) => block !== '');
}

function plainText(paragraph: string): string {
  return paragraph
    .replaceAll(/`[^`]+`/g, 'CODE')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('**', '')
    .replaceAll(/\s+/g, ' ');
}
