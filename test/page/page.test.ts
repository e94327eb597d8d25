import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Explanation } from '../../services/explain/explanation.js';
import { builtCommand } from '../support/built-command.js';
import { Bench, test, type CommandProcess, type LogLine } from '../support/command-process.js';
import { launchChromium, withoutChromium } from './chromium.js';

if (withoutChromium !== undefined) console.warn(`The page is not tested: ${withoutChromium}`);

const bench = new Bench();
let browser: Browser;
let devnet: CommandProcess;
let url = '';

/** Opens a view; whatever the browser complains about is kept. */
async function open(view: string, options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const target = request.url();
    if (!target.startsWith(url) && !target.startsWith('data:')) complaints.push(`asks ${target}`);
  });
  await page.goto(`${url}/#${view}`);
  return { page, complaints };
}

/** Sum of the validators of some lines. */
function dutiesIn(lines: readonly LogLine[], type: string, role: string): number {
  return lines
    .filter((line) => line.type === type && line['role'] === role)
    .reduce((sum, line) => sum + (line['validators'] as number[]).length, 0);
}

describe.skipIf(withoutChromium !== undefined)('the page in a real browser', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    builtCommand();
    browser = await launchChromium();
    devnet = bench.start(['devnet', '--slot-ms', '1000', '--log-format', 'json', '--http', '127.0.0.1:0']);
    await devnet.until(({ stderr }) => stderr.includes('the page is at'));
    url = /the page is at (http:\S+)\//.exec(devnet.stderr)![1]!;
    await devnet.until(({ lines }) => lines.some(({ type, slot }) => type === 'duty-executed' && slot >= 10));
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await bench.clear();
  });

  test('Now: the slot is the current one, and the numbers are those of the event log', async () => {
    const { page, complaints } = await open('now');
    await page.waitForSelector('#totals tbody tr');
    const started = devnet.lines.find(({ type }) => type === 'scheduler-started')!;
    expect(started['validators']).toBe(64);
    const kinds = ['attester', 'aggregator', 'proposer', 'sync-committee', 'sync-committee-contribution'];
    const shown = async () => {
      const rows = await page.$$eval('#totals tbody tr', (all) =>
        all.map((row) => [row.getAttribute('data-kind'), row.querySelector('[data-column=met]')!.textContent]),
      );
      return Object.fromEntries(rows.map(([kind, met]) => [kind, Number(met)])) as Record<string, number>;
    };
    // The page is a moment behind the log: what it shows must be what the log said at some moment since it was asked.
    for (const kind of kinds) {
      const before = dutiesIn(devnet.lines, 'duty-executed', kind);
      await expect.poll(async () => (await shown())[kind], { timeout: 10_000 }).toBeGreaterThanOrEqual(before);
      const seen = (await shown())[kind]!;
      await expect
        .poll(() => dutiesIn(devnet.lines, 'duty-executed', kind), { timeout: 10_000 })
        .toBeGreaterThanOrEqual(seen);
      // Every sum of whole batches is one that the log passed through.
      const sums = new Set<number>();
      let sum = 0;
      for (const line of devnet.lines) {
        if (line.type === 'duty-executed' && line['role'] === kind)
          sums.add((sum += (line['validators'] as number[]).length));
      }
      expect(sums.has(seen), `${kind}: ${seen}`).toBe(true);
    }
    const slot = Number(await page.textContent('[data-testid=slot]'));
    expect(Math.abs(slot - devnet.lines.at(-1)!.slot)).toBeLessThanOrEqual(2);
    const next = String(slot + 1);
    await expect.poll(() => page.textContent('[data-testid=slot]'), { timeout: 5000 }).toBe(next);
    expect(await page.textContent('#status')).toContain('ready');
    expect(await page.getAttribute('#readiness [data-check=journal-writable]', 'data-ok')).toBe('true');
    const chips = await page.$$eval('#validators li b', (counts) =>
      counts.map(({ textContent }) => Number(textContent)),
    );
    expect(chips.reduce((all, count) => all + count, 0)).toBe(64);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('Timeline: each mark is what the log says; a mark is explained, by pointer and by keyboard', async () => {
    const { page, complaints } = await open('timeline');
    await page.waitForSelector('.mark.met');
    const marks = await page.$$eval('.mark', (groups) =>
      groups.map(({ dataset }) => ({ ...(dataset as Record<string, string>) })),
    );
    const settled = marks.filter(({ state }) => state === 'met' || state === 'late');
    expect(settled.length).toBeGreaterThan(20);
    for (const { kind, slot, met } of settled) {
      const lines = devnet.lines.filter((line) => line.slot === Number(slot));
      expect([kind, slot, dutiesIn(lines, 'duty-executed', kind!)]).toEqual([kind, slot, Number(met)]);
    }
    const last = settled.at(-1)!;
    await page.hover(`.mark[data-kind="${last['kind']}"][data-slot="${last['slot']}"]`, { force: true });
    await expect.poll(() => page.textContent('#explained')).toContain(`in slot ${last['slot']}`);
    await page.uncheck('.controls input');
    await page.mouse.move(0, 0);
    await page.focus('svg.marks');
    const explained = await page.textContent('#explained');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => page.textContent('#explained')).not.toBe(explained);
    expect(await page.textContent('#explained')).toMatch(/in slot \d+/);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('Machines: charts of the live actors, active states lit, steps as they come', async () => {
    const { page, complaints } = await open('machines');
    await page.waitForSelector('#chart svg g.state.active', { timeout: 20_000 });
    const names = await page.$$eval('.actors button', (buttons) => buttons.map(({ dataset }) => dataset['name']));
    expect(names).toEqual(
      expect.arrayContaining(['scheduler', 'beacon-node-1', 'attester', 'proposer', 'sync-committee']),
    );
    await page.click('.actors button[data-name=attester]');
    const lit = () =>
      page.$$eval('#chart g.node.active title', (titles) => titles.map(({ textContent }) => textContent));
    await expect
      .poll(lit, { timeout: 10_000 })
      .toEqual(expect.arrayContaining([expect.stringMatching(/^schedule\./), expect.stringMatching(/^execution\./)]));
    await expect.poll(() => page.textContent('#steps'), { timeout: 10_000 }).toMatch(/armed → /);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('Why: from a mark of the timeline to the life line, which is what the log says', async () => {
    const { page, complaints } = await open('timeline');
    await page.uncheck('.controls input');
    const mark = page.locator('.mark.met[data-kind=attester]').first();
    await mark.click({ force: true });
    const link = page.locator('#explained a').first();
    const validator = Number(await link.textContent());
    const slot = Number(await mark.getAttribute('data-slot'));
    const asking = page.waitForResponse((response) => new URL(response.url()).pathname === '/api/explain');
    await link.click();
    const answer = await asking;
    const life = page.locator('.life[data-kind=attester]');
    await life.waitFor();
    expect(await page.textContent('#asked')).toContain(`Validator ${validator}, slot ${slot}`);
    expect(await page.getAttribute('#tab-Why', 'aria-selected')).toBe('true');
    expect(await life.getAttribute('data-verdict')).toBe('executed');
    const said = (type: string) =>
      devnet.lines.find(
        (line) =>
          line.type === type &&
          line.slot === slot &&
          line['role'] === 'attester' &&
          (line['validators'] as number[]).includes(validator),
      )!['offsetMs'];
    for (const [what, type] of [
      ['due', 'duty-due'],
      ['executed', 'duty-executed'],
    ] as const) {
      const shown = await life.locator(`[data-what=${what}]`).getAttribute('data-offset-ms');
      expect([what, Number(shown)]).toEqual([what, said(type)]);
    }
    // All of it is what the API, and so explain(), said then: a moment later a cluster may be liquidated.
    const { duties } = (await answer.json()) as Explanation;
    for (const { role, verdict, reason, text, steps } of duties) {
      const shown = page.locator(verdict === 'none' ? `#absent [data-kind=${role}]` : `.life[data-kind=${role}]`);
      expect(await shown.textContent()).toContain(text);
      if (verdict === 'none') expect(await shown.getAttribute('data-reason')).toBe(reason);
      expect(await shown.locator('.steps .text').allTextContents()).toEqual(steps.map((step) => step.text));
    }
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('Why: asked by keyboard with an epoch, led on to another slot, and told what is wrong', async () => {
    const { page, complaints } = await open('why');
    await page.focus('[name=validator]');
    await page.keyboard.type('3');
    await page.keyboard.press('Tab');
    await page.keyboard.type('epoch');
    await page.keyboard.press('Tab');
    await page.keyboard.type('1');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.life[data-kind=attester]');
    const asked = await page.textContent('#asked');
    expect(asked).toMatch(/^Validator 3, slot (8|9|1[0-5]) \(epoch 1\)/);
    await page.click('#asked a >> nth=1');
    const elsewhere = page.locator('#absent [data-kind=attester] a');
    await elsewhere.click();
    await expect.poll(() => page.textContent('#asked')).toBe(asked);
    expect(complaints).toEqual([]);
    await page.fill('[name=number]', '1.5');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.querySelectorAll(':invalid[name=number]').length)).toBe(1);
    await page.goto(`${url}/#why?validator=3&slot=x`);
    await expect.poll(() => page.textContent('#why')).toContain('slot: expected a whole number');
    await page.close();
  });

  test('on a phone nothing is wider than the screen, in the dark the ground is dark, and tabs work by keyboard', async () => {
    const { page } = await open('now', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
    await page.waitForSelector('#totals tbody tr');
    for (const view of ['Now', 'Timeline', 'Machines', 'Why']) {
      if (view !== 'Now') {
        await page.focus('[role=tab][aria-selected=true]');
        await page.keyboard.press('ArrowRight');
      }
      await expect.poll(() => page.getAttribute(`#tab-${view}`, 'aria-selected')).toBe('true');
      await page.waitForTimeout(500);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    }
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(Math.max(...ground.match(/\d+/g)!.map(Number))).toBeLessThan(60);
    await page.close();
  });

  test('when the scheduler goes the page says so', async () => {
    const { page } = await open('now');
    await page.waitForSelector('#status.good');
    expect(await devnet.interrupt()).toBe(0);
    await expect.poll(() => page.textContent('#status'), { timeout: 10_000 }).toContain('no connection');
    await page.close();
  });
});
