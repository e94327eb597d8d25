import { readFileSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Diagnostic, EventLine } from '../../../machines/rules/event-log.js';
import { slotStartMs } from '../../../machines/rules/chain-time.js';
import { FaultyHost } from './faulty-host.js';
import { CHAIN, claimOf, clockAt, handOver, journalOf, line, open, warnings } from './opening.js';
import { temporaryFolder } from './temporary-folder.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const typesOf = (lines: readonly Record<string, unknown>[] | undefined) => lines?.map(({ type }) => type);

describe('what is written', () => {
  it('a header, event lines as they are, claims, and an end', async () => {
    const folder = await temporaryFolder();
    const clock = clockAt(20);
    const directory = await open(folder, clock, { host: new FaultyHost() });
    const reported: EventLine = { type: 'beacon-node', time: clock.now(), slot: 20, url: 'http://a', status: 'lost' };
    directory.journal.report(reported);
    directory.journal.claimed(claimOf('sync-committee-contribution', 20, 4, 5));
    directory.journal.released(claimOf('sync-committee-contribution', 20, 5));
    await directory.close();
    const { genesisValidatorsRoot, genesisTimeMs, slotDurationMs, slotsPerEpoch } = CHAIN;
    const time = slotStartMs(CHAIN, 20);
    const claim = { time, slot: 20, role: 'sync-committee-contribution', epoch: 2 };
    expect(await journalOf(folder)).toEqual({
      'journal-20.jsonl': [
        {
          type: 'journal-opened',
          time,
          slot: 20,
          version: 1,
          chain: { genesisValidatorsRoot, genesisTimeMs, slotDurationMs, slotsPerEpoch },
          recordFromSlot: 20,
          lostLines: 0,
          boot: 'first boot',
        },
        reported,
        { type: 'claim', ...claim, validators: [4, 5] },
        { type: 'claim-released', ...claim, validators: [5] },
        { type: 'journal-closed', time, slot: 20 },
      ],
    });
  });

  it('a claim is in the file when `claimed` returns, with what was reported before it, in order', async () => {
    const folder = await temporaryFolder();
    const clock = clockAt(20);
    const { journal } = await open(folder, clock);
    journal.report(line(clock, 1));
    journal.claimed(claimOf('attester', 20, 1));
    journal.released(claimOf('attester', 20, 1));
    journal.report(line(clock, 2));
    journal.claimed(claimOf('attester', 20, 1));
    journal.report(line(clock, 3));
    // Read in this very turn: nothing deferred has run yet.
    const atOnce = readFileSync(join(folder, 'journal-20.jsonl'), 'utf8').split('\n').slice(1, -1);
    expect(atOnce.map((text) => (JSON.parse(text) as { type: string }).type)).toEqual([
      'slots-skipped',
      'claim',
      'claim-released',
      'slots-skipped',
      'claim',
    ]);
    await turn();
    expect(typesOf((await journalOf(folder))['journal-20.jsonl'])?.at(-1)).toBe('slots-skipped');
    expect((await journalOf(folder))['journal-20.jsonl']).toHaveLength(7);
  });

  it('a line that is no JSON is lost alone', async () => {
    const folder = await temporaryFolder();
    const clock = clockAt(20);
    const directory = await open(folder, clock);
    const circular: Record<string, unknown> = { ...line(clock, 1) };
    circular['self'] = circular;
    directory.journal.report(circular as unknown as EventLine);
    directory.journal.report(line(clock, 2));
    await directory.close();
    expect(typesOf((await journalOf(folder))['journal-20.jsonl'])).toEqual([
      'journal-opened',
      'slots-skipped',
      'journal-closed',
    ]);
  });
});

describe('segments', () => {
  it('one for each start, also within one slot', async () => {
    const folder = await temporaryFolder();
    for (const slot of [20, 20, 20, 21]) await (await open(folder, clockAt(slot))).close();
    expect(Object.keys(await journalOf(folder)).sort()).toEqual([
      'journal-20.1.jsonl',
      'journal-20.2.jsonl',
      'journal-20.jsonl',
      'journal-21.jsonl',
    ]);
  });

  it('before genesis they are named after slot 0', async () => {
    const folder = await temporaryFolder();
    const directory = await open(folder, clockAt(-3));
    expect(directory.recordFromSlot).toBe(0);
    expect(Object.keys(await journalOf(folder))).toEqual(['journal-0.jsonl']);
  });

  it.each([
    // Slots 80 … 111 are the last four epochs; the segment of 64 … 80 reaches into them.
    { journalEpochs: 4, kept: ['journal-64.jsonl', 'journal-80.jsonl', 'journal-96.jsonl'] },
    { journalEpochs: 2, kept: ['journal-80.jsonl', 'journal-96.jsonl'] },
    // Two are the least.
    { journalEpochs: 0, kept: ['journal-80.jsonl', 'journal-96.jsonl'] },
  ])('a new one every two epochs, with all claims; $journalEpochs are kept', async ({ journalEpochs, kept }) => {
    const folder = await temporaryFolder();
    const clock = clockAt(16);
    const directory = await open(folder, clock, { journalEpochs });
    for (let slot = 16; slot < 16 + 96; slot++) {
      await clock.advanceTo(slotStartMs(CHAIN, slot));
      directory.claims.prune(slot - 24);
      // Validator 3 attests once; it must not be forgotten when the segment of its claim is gone.
      handOver(directory, claimOf('attester', slot, slot === 20 ? 3 : 100 + (slot % 8)));
      await turn();
    }
    await directory.close();
    const journal = await journalOf(folder);
    expect(Object.keys(journal)).toEqual(kept);
    const snapshot = journal['journal-96.jsonl']!.filter(({ type }) => type === 'claim-held');
    expect(snapshot[0]).toMatchObject({ slot: 20, epoch: 2, role: 'attester', validators: [3] });
    const slots = snapshot.map(({ slot }) => slot as number);
    expect(slots).toEqual([...slots].sort((a, b) => a - b));
    const restarted = await open(folder, clockAt(112));
    expect(restarted.claims.stateOf('attester', 20, 2, 3)).toBe('already-claimed');
    expect(restarted.recordFromSlot).toBe(16);
  });

  it('a new one waits until nothing is due in the slot any more', async () => {
    const folder = await temporaryFolder();
    const clock = clockAt(16);
    const directory = await open(folder, clock);
    await clock.advanceTo(slotStartMs(CHAIN, 40));
    handOver(directory, claimOf('attester', 40, 1));
    await clock.advanceTo(slotStartMs(CHAIN, 40) + 0.8 * CHAIN.slotDurationMs);
    expect(Object.keys(await journalOf(folder))).toEqual(['journal-16.jsonl']);
    await clock.advanceTo(slotStartMs(CHAIN, 41) - 1);
    expect(Object.keys(await journalOf(folder))).toEqual(['journal-16.jsonl', 'journal-40.jsonl']);
    await clock.advanceTo(slotStartMs(CHAIN, 80));
    directory.journal.report(line(clock, 80));
    await turn();
    await directory.close();
    expect(clock.pending).toBe(0);
  });

  it('after a long stop the last two epochs are kept, though they are old', async () => {
    const folder = await temporaryFolder();
    const clock = clockAt(16);
    const first = await open(folder, clock);
    for (let slot = 16; slot < 64; slot++) {
      await clock.advanceTo(slotStartMs(CHAIN, slot));
      first.journal.report(line(clock, slot));
      await turn();
    }
    await first.close();
    await (await open(folder, clockAt(100_000))).close();
    expect(Object.keys(await journalOf(folder))).toEqual(['journal-48.jsonl', 'journal-100000.jsonl']);
  });

  it('a clock set back changes neither their order nor the claims', async () => {
    const folder = await temporaryFolder();
    const future = await open(folder, clockAt(900));
    handOver(future, claimOf('attester', 900, 1));
    await future.close();
    const now = await open(folder, clockAt(100));
    expect(warnings(now)).toEqual([expect.stringMatching(/last line is 9600 s in the future/)]);
    expect(now.claims.stateOf('attester', 900, 112, 1)).toBe('already-claimed');
    // Slots up to now were never recorded by the right clock.
    expect(now.recordFromSlot).toBe(101);
    handOver(now, claimOf('attester', 100, 2));
    now.claims.release(claimOf('attester', 100, 2));
    now.journal.released(claimOf('attester', 100, 2));
    await now.close();
    expect(Object.keys(await journalOf(folder)).sort()).toEqual(['journal-900.1.jsonl', 'journal-900.jsonl']);
    const again = await open(folder, clockAt(101));
    expect(again.claims.stateOf('attester', 100, 12, 2)).toBe('free');
  });

  it('what a start that was cut short left behind is cleared away', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'journal-19.jsonl.opening'), '{"type":"journal-op');
    const directory = await open(folder, clockAt(20));
    expect(warnings(directory)).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(['journal-20.jsonl', 'state']);
  });
});

describe('syncing', () => {
  it('happens once per second, and not without writes', async () => {
    const clock = clockAt(20);
    const host = new FaultyHost();
    const { journal } = await open(await temporaryFolder(), clock, { host });
    const atStart = host.syncs;
    await clock.advanceBy(10_000);
    expect(host.syncs).toBe(atStart);
    for (let n = 0; n < 50; n++) {
      journal.claimed(claimOf('aggregator', 20, n));
      await clock.advanceBy(100);
      await expect.poll(() => host.syncing, { interval: 1 }).toBe(0);
    }
    expect(host.syncs - atStart).toBeGreaterThanOrEqual(4);
    expect(host.syncs - atStart).toBeLessThanOrEqual(5);
  });

  it('is one at a time, however long it takes, and holds no claim up', async () => {
    const folder = await temporaryFolder();
    const clock = clockAt(20);
    const host = new FaultyHost();
    const directory = await open(folder, clock, { host });
    let release = () => {};
    host.held = new Promise((resolve) => (release = resolve));
    const atStart = host.syncs;
    for (let slot = 20; slot < 40; slot++) {
      handOver(directory, claimOf('proposer', slot, 1));
      await clock.advanceTo(slotStartMs(CHAIN, slot + 1));
    }
    expect(host.syncs - atStart).toBe(1);
    const lines = Object.values(await journalOf(folder)).flat();
    expect(lines.filter(({ type }) => type === 'claim')).toHaveLength(20);
    release();
    await directory.close();
    expect(host.mostSyncs).toBe(1);
    // Those asked for meanwhile have not queued up: one for them all, the rest for the new segment and the end.
    expect(host.syncs - atStart).toBeLessThanOrEqual(7);
    expect(host.open.size).toBe(0);
  });

  it('a failed sync is a failed write', async () => {
    const folder = await temporaryFolder();
    const clock = clockAt(20);
    const host = new FaultyHost();
    const directory = await open(folder, clock, { host });
    handOver(directory, claimOf('attester', 20, 1));
    host.syncFails = true;
    await clock.advanceBy(1500);
    await expect.poll(() => directory.writable).toBe(false);
    host.syncFails = false;
    await clock.advanceBy(1500);
    handOver(directory, claimOf('attester', 20, 2));
    expect(directory.writable).toBe(true);
    expect(Object.keys(await journalOf(folder)).sort()).toEqual(['journal-20.1.jsonl', 'journal-20.incomplete.jsonl']);
  });

  it('no file stays open', async () => {
    const host = new FaultyHost();
    const clock = clockAt(0);
    const directory = await open(await temporaryFolder(), clock, { host });
    for (let slot = 0; slot < 64; slot++) {
      await clock.advanceTo(slotStartMs(CHAIN, slot));
      handOver(directory, claimOf('proposer', slot, 1));
    }
    await expect.poll(() => host.open.size).toBe(1);
    await directory.close();
    expect(host.open.size).toBe(0);
  });
});

describe('a full disk', () => {
  const filling = async (space: number) => {
    const folder = await temporaryFolder();
    const clock = clockAt(20);
    const host = new FaultyHost();
    const problems: Diagnostic[] = [];
    const directory = await open(folder, clock, { host, onProblem: (problem) => problems.push(problem) });
    handOver(directory, claimOf('attester', 20, 1));
    host.space = space;
    handOver(directory, claimOf('attester', 20, 2));
    return { folder, clock, host, problems, directory };
  };

  it('is told once, throws nothing, and is not tried more than once per second', async () => {
    const { clock, host, problems, directory } = await filling(0);
    expect(directory.writable).toBe(false);
    const attempts = host.attempts;
    for (let n = 0; n < 100; n++) {
      directory.journal.report(line(clock, n));
      handOver(directory, claimOf('aggregator', 20, n));
      await clock.advanceBy(50);
    }
    expect(host.attempts - attempts).toBeGreaterThanOrEqual(4);
    expect(host.attempts - attempts).toBeLessThanOrEqual(5);
    expect(problems).toEqual([
      {
        level: 'error',
        message: expect.stringMatching(/cannot be written \(no space left on the disk\): duties go on/) as string,
      },
    ]);
  });

  it.each([0, 1, 60, 100_000])(
    'with space for %d bytes more, all claims are there when it is written again',
    async (space) => {
      const { folder, clock, host, problems, directory } = await filling(space);
      directory.journal.report(line(clock, 1));
      handOver(directory, claimOf('attester', 20, 3));
      await turn();
      host.space = Infinity;
      await clock.advanceBy(1000);
      handOver(directory, claimOf('attester', 20, 4));
      expect(directory.writable).toBe(true);
      expect(problems.map(({ level }) => level)).toEqual(space === 100_000 ? [] : ['error', 'info']);
      await directory.close();

      const restarted = await open(folder, clock, { host });
      expect(warnings(restarted)).toEqual([]);
      expect(restarted.recordFromSlot).toBe(20);
      for (const validator of [1, 2, 3, 4]) {
        expect(restarted.claims.stateOf('attester', 20, 2, validator)).toBe('already-claimed');
      }
      const lost = Object.values(await headersOf(folder)).map((lines) => lines[0]!['lostLines']);
      expect(lost.some((count) => count !== 0)).toBe(space !== 100_000);
    },
  );

  it('that lasts until the restart: nothing of before is made up', async () => {
    const { folder, host, directory } = await filling(30);
    await directory.close();
    expect(await readdir(folder)).toContain('journal-20.incomplete.jsonl');
    host.space = Infinity;
    const restarted = await open(folder, clockAt(23), { host });
    expect(warnings(restarted)).toContainEqual(expect.stringMatching(/ends with a failed write/));
    expect(restarted.claims.stateOf('attester', 20, 2, 1)).toBe('already-claimed');
    expect(restarted.recordFromSlot).toBe(24);
    await restarted.close();
    // That is written down: the next start knows it without seeing the failure again.
    expect((await open(folder, clockAt(30), { host })).recordFromSlot).toBe(24);
  });

  it('at a clean end, one more attempt is made', async () => {
    const { folder, host, clock, directory } = await filling(0);
    host.space = Infinity;
    await directory.close();
    const restarted = await open(folder, clock, { host });
    expect(restarted.recordFromSlot).toBe(20);
    expect(restarted.claims.stateOf('attester', 20, 2, 2)).toBe('already-claimed');
  });

  it('at the start: it goes on without, says so, and the record of before counts no more', async () => {
    const { folder, host, directory } = await filling(Infinity);
    await directory.close();
    host.space = 0;
    const restarted = await open(folder, clockAt(22), { host });
    expect(restarted.writable).toBe(false);
    expect(warnings(restarted)).toEqual([expect.stringMatching(/cannot be written/)]);
    handOver(restarted, claimOf('attester', 21, 5));
    await restarted.close();
    host.space = Infinity;
    expect((await open(folder, clockAt(23), { host })).recordFromSlot).toBe(24);
  });

  it('lost lines are counted in the header of the next segment, and only there', async () => {
    const { folder, clock, host, directory } = await filling(0);
    directory.journal.report(line(clock, 1));
    await turn();
    host.space = Infinity;
    for (const slot of [21, 40]) {
      await clock.advanceTo(slotStartMs(CHAIN, slot));
      directory.journal.report(line(clock, slot));
      await clock.advanceBy(CHAIN.slotDurationMs);
    }
    const headers = Object.entries(await headersOf(folder)).map(([file, [header]]) => [file, header!['lostLines']]);
    expect(Object.fromEntries(headers)).toEqual({
      'journal-20.incomplete.jsonl': 0,
      'journal-21.jsonl': 2,
      'journal-40.jsonl': 0,
    });
  });

  it('when the next segment is due', async () => {
    const { folder, clock, host, directory } = await filling(Infinity);
    host.space = 100;
    await clock.advanceTo(slotStartMs(CHAIN, 40));
    directory.journal.report(line(clock, 1));
    await turn();
    await clock.advanceBy(CHAIN.slotDurationMs);
    expect(directory.writable).toBe(false);
    expect((await readdir(folder)).sort()).toEqual(['journal-20.incomplete.jsonl', 'state']);
  });

  it('a segment that cannot be marked is told as such', async () => {
    const { host, problems, directory } = await filling(Infinity);
    host.space = 0;
    host.renameFails = true;
    handOver(directory, claimOf('attester', 20, 3));
    expect(problems.map(({ message }) => message)).toEqual([expect.stringMatching(/before a restart, move it away/)]);
  });

  it('a listener that throws disturbs nothing', async () => {
    const host = new FaultyHost();
    const directory = await open(await temporaryFolder(), clockAt(20), {
      host,
      onProblem: () => {
        throw new Error('listener');
      },
    });
    host.space = 0;
    expect(handOver(directory, claimOf('attester', 20, 1))).toEqual([1]);
    expect(directory.writable).toBe(false);
  });
});

/** First line of each segment; they may end within a line. */
async function headersOf(folder: string): Promise<Record<string, Record<string, unknown>[]>> {
  const found: Record<string, Record<string, unknown>[]> = {};
  for (const file of (await readdir(folder)).filter((name) => name.startsWith('journal'))) {
    const [first] = (await readFile(join(folder, file), 'utf8')).split('\n');
    found[file] = [JSON.parse(first!) as Record<string, unknown>];
  }
  return found;
}
