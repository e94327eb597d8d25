import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Where Debian's package puts it; another one may be named. */
const PATH = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const IS_REQUIRED = process.env['CHROMIUM_REQUIRED'] === '1';

/** Why the tests of the page are left out, if so. With `CHROMIUM_REQUIRED=1` they are not: they fail. */
export const withoutChromium: string | undefined =
  existsSync(PATH) || IS_REQUIRED ? undefined : `there is no Chromium at ${PATH} (CHROMIUM_PATH names another one)`;

/** Starts a browser without a window. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: PATH,
    args: [
      '--headless',
      // The tests may run as root, where the sandbox cannot.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}
