import { appendFile, copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClaimLedger, type Claim } from '../../../machines/rules/at-most-once.js';
import { epochOf, slotStartMs, startSlotOf, type Slot } from '../../../machines/rules/chain-time.js';
import type { DutyKind } from '../../../machines/rules/duties.js';
import { openDataDirectory } from '../../../services/data-directory/data-directory.js';
import { FaultyHost } from './faulty-host.js';
import { CHAIN, claimOf, clockAt, handOver, line, open, warnings } from './opening.js';
import { temporaryFolder } from './temporary-folder.js';

const KINDS: readonly DutyKind[] = [
  'attester',
  'aggregator',
  'proposer',
  'sync-committee',
  'sync-committee-contribution',
];
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('restart', () => {
  it('says what it found', async () => {
    const folder = await temporaryFolder();
    const first = await open(folder, clockAt(20));
    expect(first.findings).toEqual([{ level: 'info', message: 'journal: a new one begins in slot 20' }]);
    handOver(first, claimOf('attester', 20, 1));
    handOver(first, claimOf('proposer', 23, 1));
    await first.close();
    const second = await open(folder, clockAt(25));
    expect(second.findings).toEqual([
      {
        level: 'info',
        message: 'journal: of 4 lines read, claims of slots 20…23 restored; it is unbroken from slot 20',
      },
    ]);
    await second.close();
  });

  it('a long history keeps the first slot of its record', async () => {
    const folder = await temporaryFolder();
    for (const slot of [20, 30, 500]) {
      const directory = await open(folder, clockAt(slot));
      expect(directory.recordFromSlot).toBe(20);
      await directory.close();
    }
  });

  it('of a long journal only the newest four epochs are read; all of it stays', async () => {
    const folder = await temporaryFolder();
    const kept = { journalEpochs: 1000 };
    for (const slot of [20, 40, 60, 80]) {
      const directory = await open(folder, clockAt(slot), kept);
      handOver(directory, claimOf('attester', slot, 1));
      await directory.close();
    }
    const damage = (slot: Slot) => appendFile(join(folder, `journal-${slot}.jsonl`), 'nothing that can be read\n');
    await damage(20);
    const restarted = await open(folder, clockAt(90), kept);
    // Of 40, 60 and 80: a header, the claims before it, a claim, the end.
    expect(restarted.findings.map(({ message }) => message)).toEqual([
      'journal: of 15 lines read, claims of slots 20…80 restored; it is unbroken from slot 20',
    ]);
    expect(restarted.recordFromSlot).toBe(20);
    await restarted.close();
    expect((await readdir(folder)).filter((file) => file.startsWith('journal'))).toHaveLength(5);
    await damage(60);
    expect(warnings(await open(folder, clockAt(95), kept))).toHaveLength(1);
  });

  it('a long stop counts for nothing of what is to be kept of a long journal', async () => {
    const folder = await temporaryFolder();
    const starts = [20, 40, 60, 500, 520, 540, 560];
    for (const slot of starts) await (await open(folder, clockAt(slot), { journalEpochs: 10 })).close();
    const files = (await readdir(folder)).filter((file) => file.startsWith('journal'));
    expect(files.toSorted()).toEqual(starts.map((slot) => `journal-${slot}.jsonl`).toSorted());
  });

  type Step =
    | { readonly do: 'claim'; readonly kind: DutyKind; readonly back: number; readonly validators: number[] }
    | { readonly do: 'release'; readonly which: number; readonly validators: number[] }
    | { readonly do: 'wait'; readonly slots: number }
    | { readonly do: 'restart' }
    /** What a later start finds when older segments are gone. */
    | { readonly do: 'restart-from-snapshot' };
  const validators = fc.uniqueArray(fc.nat(5), { minLength: 1 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('claim' as const),
        kind: fc.constantFrom<DutyKind>('attester', 'attester', ...KINDS),
        back: fc.nat(10),
        validators,
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat(), validators }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('wait' as const), slots: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'restart-from-snapshot' as const }) },
  );

  it('frees no duty that was claimed, and forgets none that was given back', async () => {
    const folder = await temporaryFolder();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const path = join(folder, String(run++));
        const clock = clockAt(40);
        const model = new ClaimLedger();
        let directory = await openDataDirectory({ path, chain: CHAIN, clock });
        let running: Claim[] = [];
        let slot = 40;
        for (const step of [...steps, { do: 'restart' } as const, { do: 'restart-from-snapshot' } as const]) {
          switch (step.do) {
            case 'claim': {
              const claim = claimOf(step.kind, slot - step.back, ...step.validators);
              const granted = handOver(directory, claim);
              expect(granted).toEqual(model.claim(claim));
              if (granted.length > 0) running.push({ ...claim, validators: granted });
              break;
            }
            case 'release': {
              const claim = running[step.which % running.length];
              // Executions end with the epoch after their own.
              if (claim === undefined || claim.epoch < epochOf(CHAIN, slot) - 1) break;
              const released = { ...claim, validators: claim.validators.filter((v) => step.validators.includes(v)) };
              directory.claims.release(released);
              directory.journal.released(released);
              model.release(released);
              break;
            }
            case 'wait':
              slot += step.slots;
              await clock.advanceTo(slotStartMs(CHAIN, slot));
              for (const ledger of [model, directory.claims])
                ledger.prune(startSlotOf(CHAIN, epochOf(CHAIN, slot) - 2));
              directory.journal.report(line(clock, slot));
              await turn();
              break;
            default: {
              await directory.close();
              directory = await openDataDirectory({ path, chain: CHAIN, clock });
              if (step.do === 'restart-from-snapshot') {
                await directory.close();
                await keepNewestSegment(path);
                directory = await openDataDirectory({ path, chain: CHAIN, clock });
              }
              running = [];
              expect(freeDuties(directory.claims, slot)).toEqual(freeDuties(model, slot));
            }
          }
        }
        expect(warnings(directory)).toEqual([]);
        expect(directory.recordFromSlot).toBe(40);
        await directory.close();
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

describe('a torn tail', () => {
  /** A closed journal of two claims, the end of its file cut off. */
  const torn = async (cut: number) => {
    const folder = await temporaryFolder();
    const host = new FaultyHost();
    const directory = await open(folder, clockAt(20), { host });
    handOver(directory, claimOf('attester', 20, 1));
    handOver(directory, claimOf('attester', 20, 2));
    await directory.close();
    const file = join(folder, 'journal-20.jsonl');
    const lines = (await readFile(file, 'utf8')).split('\n');
    const content = `${lines.slice(0, 3).join('\n')}\n`;
    const last = Buffer.byteLength(lines[2]!) + 1;
    await writeFile(file, content.slice(0, content.length - cut));
    return { folder, host, last, file, whole: content.slice(0, content.length - last) };
  };

  it('is cut at every byte of the last line, and costs that line alone', async () => {
    const { last } = await torn(0);
    for (let cut = 0; cut <= last; cut++) {
      const { folder, host, file, whole } = await torn(cut);
      const directory = await open(folder, clockAt(22), { host });
      const left = last - cut;
      expect(warnings(directory)).toEqual(
        cut === 0 || left === 0 ? [] : [`journal: a torn tail of ${left} bytes was cut from journal-20.jsonl`],
      );
      if (cut > 0) expect(await readFile(file, 'utf8')).toBe(whole);
      expect(directory.claims.stateOf('attester', 20, 2, 1)).toBe('already-claimed');
      expect(directory.claims.stateOf('attester', 20, 2, 2)).toBe(cut === 0 ? 'already-claimed' : 'free');
      expect(directory.recordFromSlot).toBe(20);
      await directory.close();
      const again = await open(folder, clockAt(23), { host });
      expect(warnings(again)).toEqual([]);
      await again.close();
    }
  });

  it('of a segment that is not the last is damage', async () => {
    const { folder, file, host } = await torn(5);
    const content = await readFile(file);
    await (await open(folder, clockAt(22), { host })).close();
    await writeFile(file, content);
    const directory = await open(folder, clockAt(30), { host });
    expect(warnings(directory)).toEqual([expect.stringMatching(/journal-20.jsonl ends within a line/)]);
    expect(directory.recordFromSlot).toBe(23);
  });
});

describe('damage in the middle', () => {
  /** Claims in slots 20 … 25, one line each after the header; then some lines are replaced. */
  const damaged = async (replace: Readonly<Record<number, string>>) => {
    const folder = await temporaryFolder();
    const clock = clockAt(20);
    const directory = await open(folder, clock);
    for (let slot = 20; slot < 26; slot++) {
      await clock.advanceTo(slotStartMs(CHAIN, slot));
      handOver(directory, claimOf('proposer', slot, slot));
    }
    await directory.close();
    const file = join(folder, 'journal-20.jsonl');
    const lines = (await readFile(file, 'utf8')).split('\n').map((text, index) => replace[index + 1] ?? text);
    await writeFile(file, lines.join('\n'));
    return open(folder, clockAt(30));
  };
  const claimedSlots = async (replace: Readonly<Record<number, string>>) => {
    const { claims } = await damaged(replace);
    return slotsBetween(20, 25).filter((slot) => claims.stateOf('proposer', slot, 2, slot) !== 'free');
  };

  it.each([
    ['garbage', '{"type":"claim","ti'],
    ['an empty line', ''],
    ['null', 'null'],
    ['zero bytes', '\0'.repeat(40)],
    ['a line without a time', '{"type":"claim","slot":21}'],
    ['a claim without validators', '{"type":"claim","time":1,"slot":21,"role":"attester","epoch":2}'],
    [
      'a claim of half a validator',
      '{"type":"claim","time":1,"slot":21,"role":"attester","epoch":2,"validators":[0.5]}',
    ],
    ['a claim of half an epoch', '{"type":"claim","time":1,"slot":21,"role":"attester","epoch":2.5,"validators":[]}'],
  ])('%s is reported with file and line; the record counts from after it', async (_, text) => {
    const directory = await damaged({ 3: text });
    expect(warnings(directory)).toEqual([expect.stringMatching(/journal-20.jsonl, line 3: not readable; /)]);
    // The next line is of slot 22: what could not be read may be of 22 as well.
    expect(directory.recordFromSlot).toBe(23);
    expect(await claimedSlots({ 3: text })).toEqual([20, 22, 23, 24, 25]);
  });

  it('the last place counts', async () => {
    const directory = await damaged({ 3: '?', 5: '?' });
    expect(warnings(directory)).toEqual([expect.stringMatching(/line 3: not readable, and 1 more after it/)]);
    expect(directory.recordFromSlot).toBe(25);
  });

  it('at the end, nothing is known of any slot up to now', async () => {
    expect((await damaged({ 8: '?' })).recordFromSlot).toBe(31);
  });

  it('in the header too; the claims are read anyway', async () => {
    expect((await damaged({ 1: '?' })).recordFromSlot).toBe(31);
    expect(await claimedSlots({ 1: '?' })).toEqual([20, 21, 22, 23, 24, 25]);
    const noHeader = await damaged({ 1: '{"type":"slots-skipped","time":1,"slot":20}' });
    expect(warnings(noHeader)).toEqual([expect.stringMatching(/line 1: not readable/)]);
    expect(noHeader.recordFromSlot).toBe(31);
  });

  it('is remembered after the damaged segment is gone', async () => {
    const folder = await temporaryFolder();
    await (await open(folder, clockAt(20))).close();
    await appendFile(join(folder, 'journal-20.jsonl'), 'garbage\n');
    const found = await open(folder, clockAt(30));
    expect(found.recordFromSlot).toBe(31);
    await found.close();
    await rm(join(folder, 'journal-20.jsonl'));
    expect((await open(folder, clockAt(40))).recordFromSlot).toBe(31);
  });

  it('types and roles of a later version are skipped without a word', async () => {
    const later = '{"type":"inputs","time":1,"slot":21}';
    const ptc = '{"type":"claim","time":1,"slot":22,"role":"ptc","epoch":2,"validators":[1]}';
    const directory = await damaged({ 3: later, 4: ptc });
    expect(warnings(directory)).toEqual([]);
    expect(directory.recordFromSlot).toBe(20);
  });

  it('whatever bytes are in the files, it opens or refuses by name', async () => {
    const folder = await temporaryFolder();
    const seed = await open(join(folder, 'seed'), clockAt(20));
    handOver(seed, claimOf('attester', 20, 1));
    await seed.close();
    const sound = await readFile(join(folder, 'seed', 'journal-20.jsonl'));
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(sound.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }), async (at, bytes) => {
        const path = join(folder, String(run++));
        await mkdir(path);
        const content = Buffer.from(sound);
        content.set(bytes.subarray(0, content.length - at), at);
        await writeFile(join(path, 'journal-20.jsonl'), content);
        try {
          const directory = await openDataDirectory({ path, chain: CHAIN, clock: clockAt(21) });
          await directory.close();
        } catch (error) {
          expect(error).toMatchObject({ name: 'ConfigurationError', message: expect.stringContaining(path) as string });
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('the machine went down', () => {
  const reopened = async (boots: { before: string | null; after: string | null; closed: boolean }) => {
    const folder = await temporaryFolder();
    const host = new FaultyHost();
    host.boot = boots.before;
    const directory = await open(folder, clockAt(20), { host });
    handOver(directory, claimOf('attester', 20, 1));
    const killed = join(await temporaryFolder(), 'data');
    if (boots.closed) await directory.close();
    await mkdir(killed);
    await copyFile(join(folder, 'journal-20.jsonl'), join(killed, 'journal-20.jsonl'));
    host.boot = boots.after;
    return open(killed, clockAt(30), { host });
  };

  it('under the process: its last claims may be lost, so nothing of before is made up', async () => {
    const directory = await reopened({ before: 'a', after: 'b', closed: false });
    expect(warnings(directory)).toEqual([expect.stringMatching(/the machine went down under the last process/)]);
    expect(directory.recordFromSlot).toBe(31);
    expect(directory.claims.stateOf('attester', 20, 2, 1)).toBe('already-claimed');
  });

  it.each([
    { before: 'a', after: 'a', closed: false },
    { before: 'a', after: 'b', closed: true },
    { before: null, after: 'b', closed: false },
    { before: 'a', after: null, closed: false },
  ])('or did not, as far as can be told: %o', async (boots) => {
    const directory = await reopened(boots);
    expect(warnings(directory)).toEqual([]);
    expect(directory.recordFromSlot).toBe(20);
  });
});

function slotsBetween(first: Slot, last: Slot): Slot[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Duties that may still be handed over, of six validators in the slots that are not pruned. */
function freeDuties(claims: ClaimLedger, slot: Slot): string[] {
  const free: string[] = [];
  for (const dutySlot of slotsBetween(startSlotOf(CHAIN, epochOf(CHAIN, slot) - 2), slot + 8)) {
    for (const kind of KINDS) {
      for (const validator of slotsBetween(0, 5)) {
        if (claims.stateOf(kind, dutySlot, epochOf(CHAIN, dutySlot), validator) !== 'free') continue;
        free.push(`${kind} ${dutySlot} ${validator}`);
      }
    }
  }
  return free;
}

async function keepNewestSegment(folder: string): Promise<void> {
  const files = (await readdir(folder)).filter((file) => file.startsWith('journal'));
  files.sort((a, b) => a.replace('.jsonl', '').localeCompare(b.replace('.jsonl', ''), 'en', { numeric: true }));
  for (const file of files.slice(0, -1)) await rm(join(folder, file));
}
