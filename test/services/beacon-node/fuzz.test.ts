/**
 * Whatever a server answers, the client resolves or rejects with a `BeaconNodeError`, and nothing else happens
 * (vitest itself fails on an unhandled rejection).
 */
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BeaconNodeError } from '../../../machines/ports.js';
import type { BeaconNode } from '../../../machines/ports.js';
import { createHttpBeaconNode } from '../../../services/beacon-node/http-beacon-node.js';
import { RealClock } from '../../../services/clock/real-clock.js';
import { recordedAnswers, samplesFolder } from '../../support/samples.js';
import { NodeServer, until } from './node-server.js';
import { RecordingListener } from './recording-listener.js';
import { NO_SIGNAL } from './rejection.js';
import {
  attesterAnswer,
  attesterRow,
  headEventData,
  proposerRow,
  ROOT_A,
  SPEC_DATA,
  syncRow,
  validatorRow,
} from './wire-bodies.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const CALLS: readonly ((node: BeaconNode) => Promise<unknown>)[] = [
  (node) => node.getChainSpec(NO_SIGNAL),
  (node) => node.getSyncStatus(NO_SIGNAL),
  (node) => node.getValidators(['1'], NO_SIGNAL),
  (node) => node.getAttesterDuties(1, Uint32Array.of(0, 1, 2), NO_SIGNAL),
  (node) => node.getProposerDuties(1, 2, NO_SIGNAL),
  (node) => node.getSyncCommitteeDuties(1, Uint32Array.of(0, 1, 2), NO_SIGNAL),
  (node) => node.getAttestationData(42, 0, NO_SIGNAL),
  (node) => node.getHeadRoot(NO_SIGNAL),
];

const BODIES: Json[] = [
  { data: SPEC_DATA },
  { data: { genesis_time: '1', genesis_validators_root: ROOT_A } },
  { data: { head_slot: '1', sync_distance: '0', is_syncing: false, is_optimistic: false, el_offline: false } },
  { data: [validatorRow(1)] },
  attesterAnswer([attesterRow(1, 9), attesterRow(2, 10)]) as unknown as Json,
  { data: [proposerRow(1, 9)], dependent_root: ROOT_A },
  { data: [syncRow(1, ['5'])] as unknown as Json },
  { data: { root: ROOT_A }, execution_optimistic: false },
];

/** Values that have broken parsers before. */
const nasty = fc.constantFrom<Json>(
  null,
  '',
  '-1',
  '1e3',
  ' 1',
  -0,
  1.5,
  '4294967296',
  '65536',
  '18446744073709551615',
  1e308,
  `0x${'0'.repeat(63)}`,
  [],
  {},
  [[[]]],
  true,
  'constructor',
);
const key = fc.constantFrom('__proto__', 'constructor', 'toString', 'data', 'slot', 'length', 'dependent_root');
const junk: fc.Arbitrary<Json> = fc.oneof(nasty, fc.jsonValue() as fc.Arbitrary<Json>, fc.dictionary(key, nasty));

/** Replaces, removes or adds one value somewhere in a body. */
function mutated(body: Json, path: readonly number[], how: 'replace' | 'remove' | 'add', value: Json): Json {
  if (body === null || typeof body !== 'object' || path.length === 0) return how === 'remove' ? null : value;
  const [step = 0, ...rest] = path;
  const entries = Object.entries(body);
  const chosen = entries.length === 0 ? -1 : step % entries.length;
  const changed = entries.flatMap(([name, old], i): [string, Json][] => {
    if (i !== chosen) return [[name, old]];
    if (how === 'remove' && rest.length === 0) return [];
    return [[name, mutated(old, rest, how, value)]];
  });
  if (how === 'add' && rest.length === 0) changed.push(['__proto__', value]);
  return Array.isArray(body) ? changed.map(([, item]) => item) : Object.fromEntries(changed);
}

let server: NodeServer;
let node: BeaconNode & { close(): Promise<void> };

beforeAll(async () => {
  server = await new NodeServer().listen();
  node = createHttpBeaconNode({ url: server.url, clock: new RealClock() });
});
afterAll(async () => {
  await node.close();
  await server.close();
});

/** Makes every call against one answer; returns how many resolved. */
async function survives(text: string | Buffer, status = 200): Promise<number> {
  server.handle((_request, response) => void response.writeHead(status).end(text));
  let resolved = 0;
  for (const outcome of await Promise.allSettled(CALLS.map((call) => call(node)))) {
    if (outcome.status === 'fulfilled') resolved++;
    else expect(outcome.reason).toBeInstanceOf(BeaconNodeError);
  }
  expect(({} as Record<string, unknown>)['slot']).toBeUndefined();
  return resolved;
}

describe('fuzzed answers', () => {
  it('arbitrary JSON', async () => {
    await fc.assert(
      fc.asyncProperty(junk, fc.constantFrom(200, 404, 503), async (body, status) => {
        await survives(JSON.stringify(body), status);
      }),
      { numRuns: 150 },
    );
  });

  it('arbitrary bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await survives(Buffer.from(bytes));
      }),
      { numRuns: 60 },
    );
  });

  it('good answers with one thing wrong', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...BODIES),
        fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
        fc.constantFrom('replace', 'remove', 'add'),
        junk,
        async (body, path, how, value) => {
          await survives(JSON.stringify(mutated(body, path, how, value)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('good answers cut short', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...BODIES), fc.nat(1000), async (body, at) => {
        const text = JSON.stringify(body);
        expect(await survives(text.slice(0, at % text.length))).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('an absurdly deep answer', async () => {
    expect(await survives('['.repeat(1_000_000))).toBe(0);
    expect(await survives(`{"data":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)).toBeLessThan(CALLS.length);
  });

  it('heads of any shape are heads or malformed, and the stream goes on', async () => {
    const good = headEventData(3) as Json;
    const events = fc.array(
      fc.tuple(fc.array(fc.nat(10), { minLength: 1, maxLength: 2 }), fc.constantFrom('replace', 'remove', 'add'), junk),
      { minLength: 1, maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(events, async (mutations) => {
        const lines = mutations.map(([path, how, value]) => JSON.stringify(mutated(good, path, how, value)));
        server.handle((_request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.end(lines.map((line) => `event: head\ndata: ${line}\n\n`).join(''));
        });
        const listener = new RecordingListener();
        node.openHeadStream(listener, NO_SIGNAL);
        await until(() => listener.closes.length === 1, 'the stream is over');
        expect(listener.heads.length + listener.malformedEvents.length).toBe(lines.length);
        for (const error of listener.malformedEvents) expect(error).toMatchObject({ kind: 'schema' });
      }),
      { numRuns: 40 },
    );
  });
});

const found = samplesFolder();
describe.skipIf(found === undefined)('recorded answers with one thing wrong', () => {
  it.each(['mainnet-deneb', 'minimal-electra'])('%s', async (folder) => {
    const bodies = recordedAnswers(join(found ?? '', folder))
      .filter((answer) => answer.body.length > 0 && answer.body.length < 20_000)
      .map((answer) => JSON.parse(answer.body.toString()) as Json);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...bodies),
        fc.array(fc.nat(200), { minLength: 1, maxLength: 4 }),
        fc.constantFrom('replace', 'remove', 'add'),
        junk,
        async (body, path, how, value) => {
          await survives(JSON.stringify(mutated(body, path, how, value)));
        },
      ),
      { numRuns: 150 },
    );
  });
});
