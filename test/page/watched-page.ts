import type { Browser, CDPSession, Page } from 'playwright-core';

/** What a page holds after a collection. */
export interface Held {
  readonly heapBytes: number;
  /** Nodes of the document and those that scripts still hold. */
  readonly nodes: number;
  readonly listeners: number;
  /** Answers the page has asked for. */
  readonly asked: number;
}

/** How many times faster than meant the page's timers run, so that a day fits into minutes. */
const HASTE = 50;

/** A page whose memory is looked at from outside. Its timers are fast; nothing else of it is changed. */
export class WatchedPage {
  private constructor(
    readonly view: string,
    readonly page: Page,
    private readonly devTools: CDPSession,
  ) {}

  static async open(browser: Browser, url: string, view: string): Promise<WatchedPage> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.addInitScript((haste) => {
      const { setTimeout, setInterval, fetch } = window;
      window.setTimeout = ((act: TimerHandler, ms = 0) => setTimeout(act, ms / haste)) as typeof window.setTimeout;
      window.setInterval = ((act: TimerHandler, ms = 0) => setInterval(act, ms / haste)) as typeof window.setInterval;
      const counting = window as typeof window & { asked: number };
      counting.asked = 0;
      window.fetch = (...request) => {
        counting.asked++;
        return fetch(...request);
      };
    }, HASTE);
    await page.goto(`${url}/#${view}`);
    await page.waitForSelector('#view .card');
    const devTools = await page.context().newCDPSession(page);
    return new WatchedPage(view, page, devTools);
  }

  /** Goes to another view of the same page. */
  async show(view: string): Promise<void> {
    await this.page.evaluate((hash) => (location.hash = hash), view);
  }

  async held(): Promise<Held> {
    // What one collection finds, the next one may free.
    for (let n = 0; n < 3; n++) await this.devTools.send('HeapProfiler.collectGarbage');
    const { usedSize } = await this.devTools.send('Runtime.getHeapUsage');
    const { nodes, jsEventListeners } = await this.devTools.send('Memory.getDOMCounters');
    const asked = await this.page.evaluate(() => (window as typeof window & { asked: number }).asked);
    return { heapBytes: usedSize, nodes, listeners: jsEventListeners, asked };
  }
}
