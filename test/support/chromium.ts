/** A browser for pages: Debian's Chromium, or the one that AUTOLRS_CHROMIUM names. */

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Undefined where there is none; where frameworks are required that fails. */
export async function openBrowser(): Promise<Browser | undefined> {
  const given = process.env['AUTOLRS_CHROMIUM'];
  const path = given ?? PLACES.find((place) => existsSync(place));
  if (path === undefined) {
    if (process.env['AUTOLRS_REQUIRE_FRAMEWORKS'] !== '1') return undefined;
    throw new Error('there is no Chromium, which AUTOLRS_REQUIRE_FRAMEWORKS asks for');
  }
  // Containers run as root, where Chromium has no sandbox.
  return chromium.launch({ executablePath: path, args: ['--no-sandbox'] });
}
