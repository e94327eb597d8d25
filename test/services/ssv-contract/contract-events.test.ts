import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTRACT_ABI, EVENT_TOPICS } from '../../../services/ssv-contract/contract-abi.js';
import { decodeEvent } from '../../../services/ssv-contract/contract-events.js';
import { readLog } from '../../../services/ssv-contract/contract-logs.js';
import {
  CONTRACT_EVENTS,
  REFUSAL_REASONS,
  type ContractEventName,
  type WrittenLog,
} from '../../../services/ssv-contract/contract-types.js';
import { SAMPLES_MISSING, samplesFolder } from '../../support/samples.js';
import { anyEvent, bytesOf, logOf, otherLog, OWNER, publicKeyOf, sharesFor } from './contract-log-maker.js';
import { collectGarbage } from '../../support/garbage.js';

const found = samplesFolder();

describe.skipIf(found === undefined)(
  `logs of the real contract${found === undefined ? `: ${SAMPLES_MISSING}` : ''}`,
  () => {
    interface ParsedLog {
      readonly name: string;
      readonly blockNumber: number;
      readonly index: number;
      readonly args: { readonly owner: string; readonly operatorIds: string[]; readonly publicKey?: string };
    }
    const recorded = (file: string) => JSON.parse(readFileSync(join(found!, 'el', file), 'utf8')) as unknown[];

    it('decode to the recorded meaning, in the recorded order', () => {
      const decoded = recorded('raw-logs.json')
        .map((raw) => readLog(raw)!.event)
        .filter((event) => event !== undefined);
      const meant = (recorded('parsed-logs.json') as ParsedLog[]).filter(({ name }) =>
        (CONTRACT_EVENTS as readonly string[]).includes(name),
      );
      expect(decoded).toHaveLength(20);
      expect(decoded).toEqual(
        meant.map(({ name, blockNumber, index, args }) => ({
          type: name,
          blockNumber,
          logIndex: index,
          transactionHash: expect.stringMatching(/^0x[0-9a-f]{64}$/) as string,
          owner: args.owner.toLowerCase(),
          operatorIds: args.operatorIds.map(Number),
          ...(args.publicKey === undefined ? {} : { publicKey: args.publicKey }),
        })),
      );
    });

    it('have the recorded topics', () => {
      const topics = JSON.parse(readFileSync(join(found!, 'el', 'topics.json'), 'utf8')) as Record<string, string>;
      const followed = Object.entries(topics).filter(([signature]) =>
        CONTRACT_EVENTS.some((name) => signature.startsWith(`${name}(`)),
      );
      expect([...EVENT_TOPICS].sort()).toEqual(followed.map(([, topic]) => topic).sort());
    });
  },
);

describe('a well-formed event', () => {
  it("says what ethers' decoder says", () => {
    fc.assert(
      fc.property(anyEvent, fc.boolean(), ({ name, args }, inCapitals) => {
        const log = logOf(name, args);
        const capitals = { ...log, data: `0x${log.data.slice(2).toUpperCase()}` };
        const parsed = CONTRACT_ABI.parseLog(log)!;
        const ids = (parsed.args['operatorIds'] as bigint[]).map(Number).sort((a, b) => a - b);
        expect(decodeEvent(inCapitals ? capitals : log)).toEqual({
          type: parsed.name,
          blockNumber: log.blockNumber,
          logIndex: log.logIndex,
          transactionHash: log.transactionHash,
          owner: (parsed.args['owner'] as string).toLowerCase(),
          operatorIds: ids,
          ...(name.startsWith('Cluster') ? {} : { publicKey: parsed.args['publicKey'] as string }),
        });
      }),
    );
  });

  it('is ignored where it is not followed', () => {
    expect(decodeEvent(otherLog())).toBeUndefined();
    expect(decodeEvent({ ...otherLog(), topics: [] })).toBeUndefined();
  });

  it('does not keep its log alive', () => {
    // 20 kB of data each, a string of its own as a JSON parser makes it; of the key and the rest a few hundred stay.
    const log = logOf('ValidatorAdded');
    const make = (i: number) => {
      const data = log.data.replace(publicKeyOf(1).slice(2), publicKeyOf(i).slice(2)) + 'cd'.repeat(8000);
      return decodeEvent({ ...log, data: Buffer.from(data).toString('latin1') });
    };
    const warm = make(0);
    const before = heapAfterCollection();
    const events = Array.from({ length: 2000 }, (_, i) => make(i));
    expect((heapAfterCollection() - before) / events.length).toBeLessThan(2000);
    expect([warm, events.at(-1)]).toMatchObject([{ publicKey: publicKeyOf(0) }, { publicKey: publicKeyOf(1999) }]);
  });
});

describe('a malformed event', () => {
  const word = (value: number | bigint) => value.toString(16).padStart(64, '0');
  /** The data of a log with one word replaced. */
  const withWord = (log: WrittenLog, place: number, value: string): WrittenLog => {
    const at = 2 + place * 64;
    return { ...log, data: log.data.slice(0, at) + value + log.data.slice(at + 64) };
  };
  const added = logOf('ValidatorAdded');
  const size = (added.data.length - 2) / 2;

  const malformed: Record<keyof typeof REFUSAL_REASONS, WrittenLog[]> = {
    undecodable: [
      { ...added, data: '' },
      { ...added, data: '0x' },
      { ...added, data: added.data.slice(2) },
      { ...added, data: added.data.slice(0, 2 + 7 * 64) },
      { ...added, data: added.data.slice(0, 2 + 8 * 64) },
      { ...added, data: added.data.slice(0, 2 + 20 * 64) },
      { ...added, data: added.data.slice(0, -1) },
      { ...added, topics: added.topics.slice(0, 1) },
      { ...added, topics: [...added.topics, added.topics[1]!] },
      { ...added, topics: [added.topics[0]!, '0x12'] },
      { ...added, topics: [added.topics[0]!, added.topics[1]!.replace('0x0', '0x1')] },
      // Offsets behind the end, and beyond what a number holds.
      ...[0, 1, 2].flatMap((place) =>
        [word(size), word(size - 31), word(2n ** 53n), word(2n ** 256n - 1n)].map((to) => withWord(added, place, to)),
      ),
      // Lengths beyond the end: the ids' in word 8, the key's in word 13, the shares' in word 16.
      ...[8, 13, 16].flatMap((place) =>
        [word(size), word(2n ** 32n), word(2n ** 52n), word(2n ** 255n)].map((to) => withWord(added, place, to)),
      ),
      // No hex where something is read.
      withWord(added, 9, 'z'.repeat(64)),
      withWord(added, 14, 'z'.repeat(64)),
      withWord(added, 0, `${'0'.repeat(61)}1.0`),
      logOf('ValidatorAdded', { operatorIds: [1, 2, 3, 2n ** 53n] }),
      logOf('ClusterLiquidated', { operatorIds: [1, 2, 3, 2n ** 64n - 1n] }),
    ],
    'operator-count': [0, 1, 3, 5, 6, 8, 14, 100].flatMap((count) => {
      const operatorIds = Array.from({ length: count }, (_, i) => i + 1);
      return CONTRACT_EVENTS.map((name) => logOf(name, { operatorIds }));
    }),
    'duplicate-operators': CONTRACT_EVENTS.flatMap((name) =>
      [
        [1, 1, 2, 3],
        [1, 2, 3, 3],
        [3, 1, 2, 3],
        [1, 2, 3, 4, 5, 6, 1],
      ].map((ids) => logOf(name, { operatorIds: ids })),
    ),
    'public-key-length': [0, 1, 47, 49, 96].flatMap((length) =>
      (['ValidatorAdded', 'ValidatorRemoved', 'ValidatorExited'] as const).map((name) =>
        logOf(name, { publicKey: bytesOf(length) }),
      ),
    ),
    'shares-length': [0, 1, 1311, 1313]
      .map((length) => logOf('ValidatorAdded', { shares: bytesOf(length) }))
      .concat(logOf('ValidatorAdded', { operatorIds: [1, 2, 3, 4, 5, 6, 7], shares: sharesFor(4) })),
    // What only the registry can tell.
    'other-owner': [],
    'known-validator': [],
    'unknown-validator': [],
  };

  it.each(Object.entries(malformed))('is refused: %s', (reason, logs) => {
    for (const log of logs) {
      const { blockNumber, logIndex, transactionHash } = log;
      const event = decodeEvent(log);
      expect(event).toMatchObject({ type: 'refused', reason, blockNumber, logIndex, transactionHash });
    }
  });

  it('keeps its name', () => {
    for (const name of CONTRACT_EVENTS) {
      expect(decodeEvent(logOf(name, { operatorIds: [1] }))).toMatchObject({ type: 'refused', event: name });
    }
  });

  it('never throws and always ends, whatever its bytes', () => {
    const word32 = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
      fc.bigInt({ min: 0n, max: 1024n }),
      fc.constantFrom(0n, 32n, 64n, 4n, 13n, 48n, 1312n, 2n ** 32n, 2n ** 53n, 2n ** 63n),
    );
    const data = fc.oneof(
      fc.string(),
      fc.array(word32, { maxLength: 80 }).map((words) => `0x${words.map(word).join('')}`),
    );
    const names = fc.constantFrom<ContractEventName>(...CONTRACT_EVENTS);
    fc.assert(
      fc.property(names, data, fc.array(fc.string(), { maxLength: 3 }), (name, bytes, topics) => {
        const log = logOf(name);
        expect(decodeEvent({ ...log, data: bytes })).toHaveProperty('type');
        decodeEvent({ ...log, topics });
        decodeEvent({ ...log, topics: [log.topics[0]!, ...topics] });
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused or still a whole event, wherever its bytes are damaged', () => {
    const reasons = Object.keys(REFUSAL_REASONS);
    const place = fc.integer({ min: 0, max: 20 });
    const value = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.bigInt({ min: 0n, max: BigInt(size) }));
    fc.assert(
      fc.property(fc.constantFrom(...CONTRACT_EVENTS), place, value, (name, at, to) => {
        const event = decodeEvent(withWord(logOf(name), at, word(to)))!;
        if (event.type === 'refused') expect(reasons).toContain(event.reason);
        else {
          expect(event.owner).toBe(OWNER);
          expect(event.operatorIds).toEqual([...new Set(event.operatorIds)].sort((a, b) => a - b));
          expect([4, 7, 10, 13]).toContain(event.operatorIds.length);
          if ('publicKey' in event) expect(event.publicKey).toMatch(/^0x[0-9a-f]{96}$/);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** Bytes on the heap once everything nobody holds is gone. */
function heapAfterCollection(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
