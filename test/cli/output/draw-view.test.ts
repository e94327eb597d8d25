import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { ChainSpec } from '../../../machines/rules/chain-time.js';
import { drawView } from '../../../src/cli/output/draw-view.js';
import { slotBar, slotBarLegend } from '../../../src/cli/output/slot-bar.js';
import { EMPTY_TALLY, type Tally } from '../../../src/observability/tally.js';
import { buildView, type SlotView, type ViewSources } from '../../../src/cli/output/view-model.js';
import { chainSpecOf, DEFAULT_PARAMETERS } from '../../../src/devnet/parameters.js';
import { due, executed, line, STARTED, tallyOf } from './lines.js';

const GENESIS = 1_700_000_000_000;
const CHAIN: ChainSpec = chainSpecOf({ ...DEFAULT_PARAMETERS, genesisTimeMs: GENESIS });
const NODE = 'http://127.0.0.1:5052';

/** The view in slot 19, 700 ms after its start. */
function sources(tally: Tally, changes: Partial<ViewSources> = {}): ViewSources {
  return {
    title: 'run',
    nodeUrls: [NODE],
    roles: ['attester', 'proposer', 'sync-committee'],
    beganAt: GENESIS,
    now: GENESIS + 19 * 2000 + 700,
    tally,
    snapshot: {
      slot: 19,
      epoch: 2,
      chain: CHAIN,
      unfit: undefined,
      nodes: [{ url: NODE, leads: true, joined: true, unfit: undefined, latencyMs: 3, headSlot: 19 }],
      validators: { active_ongoing: 64 },
      roles: {
        attester: table([3, 'fetching'], [2, 'ready'], [1, 'ready']),
        proposer: table([2, 'stale']),
        'sync-committee': table([0, 'ready']),
      },
    },
    upcoming: [
      { slot: 20, duties: [{ role: 'attester', first: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], count: 3000 }] },
      { slot: 21, duties: [] },
    ],
    restart: { until: GENESIS + 20 * 2000, slot: 20, reason: 'duties-ahead', isSafe: true },
    diagnostics: [],
    history: undefined,
    headAt: (slot) => (slot === 19 ? GENESIS + 19 * 2000 + 250 : undefined),
    ...changes,
  };
}

function table(...tables: [number, string][]) {
  const described = tables.map(([target, status]) => ({ target, status, dependentRoot: null, duties: 64 }));
  return { schedule: 'scheduled', execution: 'idle', tables: described, batches: [] };
}

function drawn(from: ViewSources, columns = 80, rows = 24, colours = false): string[] {
  return drawView(buildView(from), { columns, rows, colours: picocolors.createColors(colours) });
}

const BUSY = tallyOf(
  STARTED,
  line({ type: 'beacon-node', url: NODE, status: 'connected' }),
  due('attester', 18, 'head', 1, 2),
  executed('attester', 18, 166, 1, 2),
  line({ type: 'duty-skipped', slot: 18, role: 'attester', validators: [3], reason: 'data-unavailable' }, 18),
);

describe('the view', () => {
  test('shows node, slot, tally, next duties, tables and events', () => {
    const text = drawn(sources(BUSY)).join('\n');
    expect(text).toContain('node    http://127.0.0.1:5052 connected');
    expect(text).toContain('set     64 active_ongoing; attester, proposer, sync-committee');
    expect(text).toContain('slot 19   epoch 2, slot 4 of 8   ◆ head after 250 ms');
    expect(text).toMatch(/^epoch 2 +met +at start/m);
    expect(text).toMatch(/^attester +2 +· +2 +0 +0 +1 +500 ms early$/m);
    expect(text).toContain('all     2 of 3 duties were met, 1 was not. skipped 1 (data-unavailable 1)');
    expect(text).toContain('next    slot 20 in 2 s: attester 1 2 3 4 5 6 7 8 +2992');
    expect(text).toContain('        slot 21 in 4 s: nothing known');
    expect(text).toContain('tables  attester 1, 2 ready, 3 fetching; proposer 2 stale; sync 0 ready');
    expect(text).toMatch(/slot 18 attester: skipped \(data-unavailable\): validator 3/);
  });

  test.each([
    [80, 24],
    [120, 40],
    [80, 10],
    [40, 30],
    [20, 3],
    [300, 100],
  ])('fits into %i × %i', (columns, rows) => {
    const diagnostics = Array.from({ length: 12 }, (_, index) => {
      return { level: 'warn' as const, message: 'a long message '.repeat(20), time: GENESIS + index };
    });
    const lines = drawn(sources(BUSY, { diagnostics }), columns, rows);
    expect(lines.length).toBeLessThan(rows);
    for (const text of lines) expect(text.length).toBeLessThanOrEqual(columns);
  });

  test('events and diagnostics stand together in the order in which they came', () => {
    const early = { level: 'warn' as const, message: 'before', time: -1 };
    const late = { level: 'info' as const, message: 'after', time: 1 };
    const lines = drawn(sources(BUSY, { diagnostics: [late, early] }), 80, 29).filter((text) => /^\d\d:/.test(text));
    expect(lines.map((text) => text.replace(/^\S+ /, ''))).toEqual([
      expect.stringContaining('beacon node'),
      expect.stringContaining('skipped'),
      'info: after',
    ]);
  });

  test('before the chain is known, and before genesis, it says so', () => {
    expect(drawn(sources(EMPTY_TALLY, { snapshot: undefined, upcoming: [] })).join('\n')).toMatch(
      /5052 waiting for it\n.*\n\nThe chain is not known yet\./,
    );
    expect(drawn(sources(EMPTY_TALLY, { now: GENESIS - 5000 })).join('\n')).toContain('Genesis in 5 s.');
  });

  test.each([
    ['duties-ahead', true, /safe until slot 20 \(\d\d:\d\d:\d\d\): duties are due then/],
    ['not-known-beyond', true, /safe until slot 20 \(\d\d:\d\d:\d\d\): what is due then is not known yet/],
    ['duties-under-way', false, /not safe: duties of slot 20 are under way/],
    ['not-known-beyond', false, /not safe: what is due is not known yet/],
  ] as const)('says in its place whether a restart is safe: %s, %s', (reason, isSafe, says) => {
    const restart = { until: GENESIS + 20 * 2000, slot: 20, reason, isSafe };
    const place = (lines: string[]) => lines.findIndex((text) => text.startsWith('restart '));
    const lines = drawn(sources(BUSY, { restart }));
    expect(lines[place(lines)]).toMatch(says);
    expect(place(drawn(sources(BUSY, { restart: undefined })))).toBe(place(lines));
  });

  test('says why duties wait', () => {
    const { snapshot } = sources(BUSY);
    const unfit = { ...snapshot!, unfit: 'node-syncing' };
    expect(drawn(sources(BUSY, { snapshot: unfit })).join('\n')).toContain('connected: duties wait (node-syncing)');
  });

  test('means the same without colours', () => {
    const coloured = drawn(sources(BUSY), 80, 24, true).join('\n');
    expect(coloured).toContain('\u001b[');
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(drawn(sources(BUSY)).join('\n'));
  });
});

describe('the bar of a slot', () => {
  const time: SlotView = {
    slot: 1,
    epoch: 0,
    position: 1,
    slotsPerEpoch: 8,
    slotDurationMs: 2000,
    offsetMs: 1000,
    duePoints: [
      { name: 'attest', offsetMs: 600 },
      { name: 'aggregate', offsetMs: 1400 },
    ],
    headOffsetMs: 250,
    msToGenesis: -3000,
  };

  test('shows what has passed, the due points and the head', () => {
    expect(slotBar(time, 20)).toBe('━━◆━━━┿━━━────┼─────');
    expect(slotBar({ ...time, headOffsetMs: undefined, offsetMs: 0 }, 20)).toBe('──────┼───────┼─────');
    expect(slotBar({ ...time, headOffsetMs: 5000, offsetMs: 5000 }, 20)).toBe('━━━━━━┿━━━━━━━┿━━━━◆');
  });

  test('has the names of the due points beneath their marks', () => {
    expect(slotBarLegend(time, 60)).toBe('                  attest 600 ms           aggregate 1400 ms');
    const attest = `${' '.repeat(30)}attest 600 ms`;
    const aggregate = `${' '.repeat(27)}aggregate 1400 ms`;
    expect(slotBarLegend(time, 100)).toBe(`${attest}${aggregate}${' '.repeat(6)}2000 ms`);
  });
});

test('while the history of the SSV contract is read, a bar says how far it is', () => {
  const history = { fromBlock: 1000, block: 1499, toBlock: 1999, logs: 12, elapsedMs: 5000, done: false };
  const [, , set] = drawn(sources(EMPTY_TALLY, { history }), 100);
  const bar = `${'━'.repeat(8)}${'─'.repeat(8)} 50 %`;
  expect(set).toBe(`set     SSV contract ${bar} block 1499 of 1999, 12 events, 100 blocks/s, 5 s left`);
});
