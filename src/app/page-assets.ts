/** What the build has made of `src/page`: read when a page is written, and not before. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AutolrsError } from '../core/errors.js';
import type { PageAssets } from '../display/report/page.js';

export function readPageAssets(): PageAssets {
  const script = read('report.js').replaceAll('</script', '<\\/script');
  const scriptHash = createHash('sha256').update(script).digest('base64');
  return { script, style: read('report-style.css'), scriptHash };
}

/** From a file as deep as that of the wheel's bundle: see packaging/build-wheel.js. */
function read(name: string): string {
  try {
    return readFileSync(new URL(`../../dist/page/${name}`, import.meta.url), 'utf8');
  } catch (cause) {
    throw new AutolrsError(
      'USAGE',
      `this installation of autolrs has no page/${name}; install it again, or in a checkout run: npm run build`,
      { cause },
    );
  }
}
