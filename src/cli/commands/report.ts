/** `autolrs report DIR…`: runs as a page, as figures, as Markdown or as a document, from their journals alone. */

import { say, stdout } from '../../app/output.js';
import { loadPage } from '../../app/report/load-page.js';
import { writeFigures, writePage } from '../../app/report/write-report.js';
import { renderMarkdown } from '../../display/report/markdown.js';
import type { ReportSettings } from '../flags/read-report.js';
import { spellRun } from '../flags/spell-run.js';

/** @throws AutolrsError when a run cannot be read, or a file not be written. */
export async function reportCommand(settings: ReportSettings): Promise<number> {
  const { dirs, reference, output, svgDir, print } = settings;
  const page = await loadPage(dirs, spellRun, reference);
  if (output !== undefined) {
    const bytes = writePage(page, output);
    say(
      `wrote ${output} (${Math.ceil(bytes / 1000)} kB); it opens in any browser, without a network`,
    );
  }
  if (svgDir !== undefined) {
    for (const path of writeFigures(page, svgDir)) say(`wrote ${path}`);
  }
  if (print === 'markdown') stdout.write(renderMarkdown(page));
  if (print === 'json') stdout.write(`${JSON.stringify(page)}\n`);
  return 0;
}
