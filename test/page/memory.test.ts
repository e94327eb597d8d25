import { resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { reorg } from '../../src/devnet/index.js';
import { builtCommand } from '../support/built-command.js';
import { createRig } from '../support/rig.js';
import { launchChromium, withoutChromium } from './chromium.js';
import { WatchedPage, type Held } from './watched-page.js';

if (withoutChromium !== undefined) console.warn(`The page's memory is not measured: ${withoutChromium}`);

/** Only when asked for, since it takes minutes; `PAGE_SLOTS=7200`: a day. */
const SLOTS = Number(process.env['PAGE_SLOTS'] ?? 0);
const IS_LONG = SLOTS >= 500;
/** Each is compared with the first: by then all code is compiled, and every list is full. */
const LOOK_EVERY = Math.round(SLOTS / (IS_LONG ? 10 : 3));
const REORG_EVERY = 90;
/** Into a slot of 12 s, in ms: moments at which something happens. */
const MOMENTS = [100, 4100, 8100];
/** Real time between moments, for the pages to ask and draw. */
const PAUSE_MS = 20;
const MOST_HEAP_GROWTH = 1_000_000;
/** How many nodes there are depends on the slot: batches under way, marks of the epochs shown, steps. */
const MOST_NODES_TIMES = 1.5;

/** The page that goes from view to view, one every few slots. */
const WANDERED = ['now', 'timeline', 'machines', 'why?validator=3&epoch=1'];
const STAY_SLOTS = 5;

describe.skipIf(withoutChromium !== undefined || SLOTS === 0)('what the page holds in the browser', () => {
  test('does not grow, whatever it has been shown', { timeout: 120_000 + SLOTS * 2000 }, async () => {
    const { serveHttp } = (await import(
      resolve(builtCommand(), '../../http/http-server.js')
    )) as typeof import('../../src/http/http-server.js');
    const rig = createRig({
      devnet: { slotsPerEpoch: 32, validatorCount: 64, scenario: { missedShare: 0.02, lateShare: 0.05 } },
    });
    await rig.start();
    const { scheduler, clock } = rig;
    const http = await serveHttp({ scheduler, clock, host: '127.0.0.1', port: 0, title: 'a day' });
    let browser: Browser | undefined;
    try {
      browser = await launchChromium();
      const staying: WatchedPage[] = [];
      for (const view of ['now', 'timeline', 'machines']) staying.push(await WatchedPage.open(browser, http.url, view));
      const wanderer = await WatchedPage.open(browser, http.url, 'now');
      const looks: Held[][] = [];
      for (let slot = 1; slot <= SLOTS; slot++) {
        if (slot % REORG_EVERY === 0) reorg(rig.devnet.chain, { atSlot: slot, depth: 3 });
        for (const moment of MOMENTS) {
          await rig.runTo(slot, moment);
          await new Promise((done) => setTimeout(done, PAUSE_MS));
        }
        const isLook = slot % LOOK_EVERY === 0;
        if (isLook) await wanderer.show('now');
        else if (slot % STAY_SLOTS === 0) await wanderer.show(WANDERED[(slot / STAY_SLOTS) % WANDERED.length]!);
        if (!isLook) continue;
        const held: Held[] = [];
        for (const page of [...staying, wanderer]) held.push(await page.held());
        looks.push(held);
        if (IS_LONG) console.info(`slot ${slot}: ${JSON.stringify(held)}`);
      }
      const first = looks[0]!;
      const last = looks.at(-1)!;
      [...staying, wanderer].forEach((page, n) => {
        const name = page === wanderer ? 'from view to view' : page.view;
        // A page that has stopped asking would hold nothing more, either.
        expect(last[n]!.asked, `${name}: questions`).toBeGreaterThan(first[n]!.asked + SLOTS / 4);
        expect(last[n]!.heapBytes - first[n]!.heapBytes, `${name}: heap`).toBeLessThan(MOST_HEAP_GROWTH);
        expect(last[n]!.nodes / first[n]!.nodes, `${name}: nodes`).toBeLessThan(MOST_NODES_TIMES);
        expect(last[n]!.listeners / first[n]!.listeners, `${name}: listeners`).toBeLessThan(MOST_NODES_TIMES);
      });
    } finally {
      await browser?.close();
      await http.close();
      await rig.stop();
    }
  });
});
