import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { reorg } from '../../src/devnet/index.js';
import { builtCommand } from '../support/built-command.js';
import { createRig } from '../support/rig.js';
import { launchChromium, withoutChromium } from './chromium.js';
import { WatchedPage, type Held } from './watched-page.js';

if (withoutChromium !== undefined) console.warn(`The page's memory is not measured: ${withoutChromium}`);

/** Slots of 12 s; `PAGE_SLOTS=7200`: a day. */
const SLOTS = Number(process.env['PAGE_SLOTS'] ?? 60);
const IS_LONG = SLOTS >= 1920;
/** Short epochs fill every list early. */
const SLOTS_PER_EPOCH = IS_LONG ? 32 : 5;
/**
 * By then every list is full. A multiple of all that comes round, so that each look finds the page at the same point:
 * epochs, re-orgs, the wanderer's views, and the five seconds after which the page asks by itself.
 */
const LOOK_EVERY = IS_LONG ? 480 : 20;
const REORG_EVERY = IS_LONG ? 96 : 20;
const SLOT_MS = 12_000;
/** How far time goes on at once, of chain and pages: so the page asks about as often as in slots that take their time. */
const STEP_MS = 3000;
/** In the slot before a look: every answer comes before the next question, so that the page is drawn in the same order. */
const SHORT_STEP_MS = 1000;
const FIRST_STEP_MS = 100;

const STAYING = ['now', 'timeline', 'machines'] as const;
/** The page that goes from view to view, one in each slot, and is at the first for each look. */
const WANDERER = 'from view to view';
const WANDERED = ['now', 'timeline', 'machines', 'why'] as const;

type Measure = Exclude<keyof Held, 'codeBytes' | 'asked'>;
/** What may be added in a slot: in the middle of all stretches from look to look. */
const MOST_PER_SLOT: Readonly<Record<Measure, number>> = {
  scriptBytes: 50,
  // Its caches go up and down by some tens of kB, which weighs more in a short run.
  browserBytes: IS_LONG ? 400 : 3000,
  nodes: 0.1,
  listeners: 0.1,
  streams: 0.01,
};
/** What may be added to the least that was held, from the first half of the looks to the second: caches that double. */
const MOST_ADDED: Readonly<Record<Measure, number>> = {
  scriptBytes: 150_000,
  browserBytes: 250_000,
  nodes: 30,
  listeners: 10,
  streams: 0,
};

describe.skipIf(withoutChromium !== undefined)('what the page holds in the browser', () => {
  test('does not grow, whatever it has been shown', { timeout: 120_000 + SLOTS * 3000 }, async () => {
    for (const [view, looks] of await looksAtPages()) {
      const [first, last] = [looks[0]!, looks.at(-1)!];
      if (process.env['PAGE_SLOTS'] !== undefined) console.info(view, first, last);
      // A page that has stopped asking would hold nothing more, either.
      expect(last.asked - first.asked, `${view}: questions`).toBeGreaterThan(3 * (SLOTS - LOOK_EVERY));
      for (const measure of Object.keys(MOST_PER_SLOT) as Measure[]) {
        const held = looks.map((look) => look[measure]);
        expect(addedPerSlot(held), `${view}: ${measure} a slot`).toBeLessThan(MOST_PER_SLOT[measure]);
        expect(addedToLeast(held), `${view}: ${measure}, the least`).toBeLessThanOrEqual(MOST_ADDED[measure]);
      }
    }
  });
});

/** The median of the stretches between looks: a step up, as a cache takes it, does not count. */
function addedPerSlot(held: readonly number[]): number {
  const added = held.slice(1).map((value, n) => (value - held[n]!) / LOOK_EVERY);
  return added.sort((a, b) => a - b)[Math.floor((added.length - 1) / 2)]!;
}

function addedToLeast(held: readonly number[]): number {
  const half = Math.floor(held.length / 2);
  return Math.min(...held.slice(half)) - Math.min(...held.slice(0, half));
}

/** Shows four pages a chain, and tells what they held at each look, by page. */
async function looksAtPages(): Promise<Map<string, Held[]>> {
  const { serveHttp } = (await import(
    resolve(builtCommand(), '../../http/http-server.js')
  )) as typeof import('../../src/http/http-server.js');
  const dataDir = await mkdtemp(join(tmpdir(), 'page-memory-'));
  const rig = createRig({
    devnet: { slotsPerEpoch: SLOTS_PER_EPOCH, validatorCount: 64, scenario: { missedShare: 0.02, lateShare: 0.05 } },
    scheduler: { dataDir },
  });
  const { scheduler, clock } = rig;
  const http = await serveHttp({ scheduler, clock, host: '127.0.0.1', port: 0, title: 'a day' });
  let browser: Browser | undefined;
  try {
    await rig.start();
    await rig.runTo(0, SLOT_MS - STEP_MS + FIRST_STEP_MS);
    browser = await launchChromium();
    const pages = new Map<string, WatchedPage>();
    for (const view of [...STAYING, WANDERER]) {
      const address = `${http.url}/#${view === WANDERER ? WANDERED[0] : view}`;
      pages.set(view, await WatchedPage.open(browser, address, clock.now()));
    }
    const looks = new Map<string, Held[]>([...pages.keys()].map((view) => [view, []]));
    for (let slot = 1; slot <= SLOTS; slot++) {
      if (slot % REORG_EVERY === 4) reorg(rig.devnet.chain, { atSlot: slot, depth: 3 });
      const next = WANDERED[slot % WANDERED.length]!;
      await pages.get(WANDERER)!.show(next === 'why' ? `why?validator=3&slot=${slot - 1}` : next);
      const isLook = slot % LOOK_EVERY === 0;
      const step = isLook ? SHORT_STEP_MS : STEP_MS;
      for (let ms = FIRST_STEP_MS; ms < SLOT_MS; ms += step) {
        await rig.runTo(slot, ms);
        await Promise.all([...pages.values()].map((page) => page.pass(step)));
      }
      if (!isLook) continue;
      for (const [view, page] of pages) {
        const held = await page.held();
        looks.get(view)!.push(held);
        if (IS_LONG) console.info(`slot ${slot}, ${view}: ${JSON.stringify(held)}`);
      }
    }
    return looks;
  } finally {
    await browser?.close();
    await http.close();
    await rig.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
