import type { Browser, CDPSession, Page, Request } from 'playwright-core';
import { heapContent, type HeapContent } from './heap-snapshot.js';

/** What a page holds after a collection. */
export interface Held extends HeapContent {
  /** Nodes of the document and those that scripts still hold. */
  readonly nodes: number;
  readonly listeners: number;
  /** Answers the page has asked for so far. */
  readonly asked: number;
}

/** A busy server takes its time; a browser that has too many streams open asks nothing more. */
const LONGEST_ANSWER_MS = 60_000;

/** A page whose memory is looked at from outside. Its time stands still until told, and it has no icon; nothing else of it is changed. */
export class WatchedPage {
  #asked = 0;
  readonly #open = new Set<Request>();
  #whenAnswered: (() => void) | undefined;

  private constructor(
    readonly page: Page,
    private readonly devTools: CDPSession,
  ) {
    page.on('request', (request) => {
      // A stream is never answered to its end.
      if (request.resourceType() !== 'fetch') return;
      this.#asked++;
      this.#open.add(request);
    });
    const over = (request: Request) => {
      this.#open.delete(request);
      if (this.#open.size === 0) this.#whenAnswered?.();
    };
    page.on('requestfinished', over);
    page.on('requestfailed', over);
  }

  /** @param timeMs unix ms at which its clock stands */
  static async open(browser: Browser, address: string, timeMs: number): Promise<WatchedPage> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const devTools = await page.context().newCDPSession(page);
    const watched = new WatchedPage(page, devTools);
    await page.goto(address);
    // A locator, unlike a handle, holds nothing in the page.
    await page.locator('#view .card').first().waitFor();
    // On virtual time the browser never lets go of the pictures it makes of an SVG icon, one at each change of the address.
    await page.locator('link[rel=icon]').evaluate((icon) => icon.remove());
    await watched.#advance(1, timeMs - 1);
    return watched;
  }

  /** Goes to another view of the same page. */
  async show(view: string): Promise<void> {
    await this.page.evaluate((hash) => void (location.hash = hash), view);
  }

  /** Lets so much time pass: every timer fires that is due, and what the page has asked for is answered. */
  pass(ms: number): Promise<void> {
    return this.#advance(ms);
  }

  async held(): Promise<Held> {
    // What one collection finds, the next one may free.
    for (let n = 0; n < 3; n++) await this.devTools.send('HeapProfiler.collectGarbage');
    const { nodes, jsEventListeners: listeners } = await this.devTools.send('Memory.getDOMCounters');
    return { ...(await heapContent(this.devTools)), nodes, listeners, asked: this.#asked };
  }

  /** The browser's own virtual time: its clocks go from timer to timer, and stop when `ms` are over. */
  async #advance(ms: number, startMs?: number): Promise<void> {
    const over = new Promise((done) => {
      this.devTools.once('Emulation.virtualTimeBudgetExpired', done);
    });
    await this.devTools.send('Emulation.setVirtualTimePolicy', {
      policy: 'advance',
      budget: ms,
      ...(startMs !== undefined && { initialVirtualTime: startMs / 1000 }),
    });
    await over;
    if (this.#open.size === 0) return;
    await new Promise<void>((done, fail) => {
      const open = [...this.#open].map((request) => request.url()).join(', ');
      const timer = setTimeout(() => fail(new Error(`no answer: ${open}`)), LONGEST_ANSWER_MS);
      this.#whenAnswered = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
}
