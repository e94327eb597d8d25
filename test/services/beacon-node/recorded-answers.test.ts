/** Everything that was recorded from real nodes, served byte for byte by a real server and read by the client. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BeaconNode } from '../../../machines/ports.js';
import { createHttpBeaconNode } from '../../../services/beacon-node/http-beacon-node.js';
import { RealClock } from '../../../services/clock/real-clock.js';
import { type RecordedAnswer, recordedAnswers, SAMPLES_MISSING, samplesFolder } from '../../support/samples.js';
import { NodeServer, until } from './node-server.js';
import { RecordingListener } from './recording-listener.js';
import { NO_SIGNAL, rejectionOf } from './rejection.js';

const found = samplesFolder();
const folder = found ?? '';

if (found === undefined) {
  it.skip(SAMPLES_MISSING, () => undefined);
  process.stderr.write(`skipped: ${SAMPLES_MISSING}\n`);
}

interface Row {
  readonly validator_index: string;
  readonly slot: string;
}
interface Body {
  readonly data: unknown;
  readonly dependent_root?: string;
  readonly message?: string;
}

const bodyOf = (answer: RecordedAnswer) => JSON.parse(answer.body.toString() || 'null') as Body;
const rowsOf = (answer: RecordedAnswer) => bodyOf(answer).data as Row[];
const indicesOf = (rows: readonly Row[]) => Uint32Array.from(rows, (row) => Number(row.validator_index)).sort();

/** The client's call for which a recorded answer is a proper one, by the beginning of the answer's name. */
type Call = (node: BeaconNode, answer: RecordedAnswer, slotsPerEpoch: number) => Promise<unknown>;

const ENTRY = { validatorIndex: 1, committeeIndex: 0, committeesAtSlot: 1, slot: 9, isAggregator: true };
const INDICES = Uint32Array.from({ length: 8 }, (_, i) => i);

function epochOf(answer: RecordedAnswer, slotsPerEpoch: number): number {
  return answer.status === 200 ? Math.floor(Number(rowsOf(answer)[0]?.slot) / slotsPerEpoch) : 1;
}

const CALLS: readonly [prefix: string, call: Call][] = [
  [
    'attestation-data',
    (node, answer) => {
      const slot = answer.status === 200 ? Number((bodyOf(answer).data as Row).slot) : 142;
      return node.getAttestationData(slot, 0, NO_SIGNAL);
    },
  ],
  [
    'attester-',
    (node, answer, slotsPerEpoch) => node.getAttesterDuties(epochOf(answer, slotsPerEpoch), INDICES, NO_SIGNAL),
  ],
  ['proposer-', (node, answer, slotsPerEpoch) => node.getProposerDuties(epochOf(answer, slotsPerEpoch), 1, NO_SIGNAL)],
  ['sync-current', (node) => node.getSyncCommitteeDuties(1, INDICES, NO_SIGNAL)],
  ['sync-next', (node) => node.getSyncCommitteeDuties(8, INDICES, NO_SIGNAL)],
  [
    'validators-',
    (node, answer) =>
      node.getValidators(
        (answer.status === 200 ? (bodyOf(answer).data as { index: string }[]) : []).map((row) => row.index),
        NO_SIGNAL,
      ),
  ],
  ['block-root', (node) => node.getHeadRoot(NO_SIGNAL)],
  ['node-syncing', (node) => node.getSyncStatus(NO_SIGNAL)],
  ['bcs', (node) => node.subscribeBeaconCommittees([ENTRY], NO_SIGNAL)],
  ['not-found', (node) => node.getHeadRoot(NO_SIGNAL)],
];

/** Answers that no method of the client asks for. */
const FOREIGN = ['block-head', 'committees', 'finality', 'fork', 'fork-schedule', 'header-head', 'headers', 'liveness'];
FOREIGN.push('node-version', 'node-health', 'sync-committees');
/** Answers with a test of their own. */
const APART = ['config-spec', 'genesis', 'events-bad-topic'];

describe.skipIf(found === undefined)('recorded answers', () => {
  let server: NodeServer;
  let node: BeaconNode & { close(): Promise<void> };

  beforeAll(async () => {
    server = await new NodeServer().listen();
  });
  afterAll(async () => {
    await server.close();
  });

  function serve(answer: RecordedAnswer): void {
    server.handle((_request, response) => void response.writeHead(answer.status, answer.headers).end(answer.body));
  }

  /** A node that knows the chain of a folder, and its slots per epoch. */
  async function nodeOf(ofFolder: string): Promise<[typeof node, number]> {
    const answers = new Map(recordedAnswers(join(folder, ofFolder)).map((answer) => [answer.name, answer]));
    server.handle((request, response) => {
      const answer = answers.get(request.target.endsWith('spec') ? 'config-spec' : 'genesis');
      response.writeHead(answer?.status ?? 404, answer?.headers).end(answer?.body);
    });
    const made = createHttpBeaconNode({ url: server.url, clock: new RealClock() });
    return [made, (await made.getChainSpec(NO_SIGNAL))?.slotsPerEpoch ?? 0];
  }

  const CHAINS = {
    'mainnet-deneb': { depositChainId: 1, slotDurationMs: 2000, slotsPerEpoch: 32, epochsPerSyncCommitteePeriod: 256 },
    'minimal-deneb': { depositChainId: 5, slotDurationMs: 3000, slotsPerEpoch: 8, epochsPerSyncCommitteePeriod: 8 },
    'minimal-electra': { depositChainId: 5, slotDurationMs: 3000, slotsPerEpoch: 8, epochsPerSyncCommitteePeriod: 8 },
    'minimal-syncing-503': {
      depositChainId: 5,
      slotDurationMs: 3000,
      slotsPerEpoch: 8,
      epochsPerSyncCommitteePeriod: 8,
    },
  };

  describe.each(Object.entries(CHAINS))('%s', (name, chain) => {
    const answers = found === undefined ? [] : recordedAnswers(join(folder, name));
    let slotsPerEpoch: number;

    beforeAll(async () => {
      [node, slotsPerEpoch] = await nodeOf(name);
      return () => node.close();
    });

    it('its spec and genesis', async () => {
      const genesis = bodyOf(answers.find((answer) => answer.name === 'genesis')!);
      const { genesis_time: time } = genesis.data as { genesis_time: string };
      const [another] = await nodeOf(name);
      expect(await another.getChainSpec(NO_SIGNAL)).toMatchObject({
        ...chain,
        genesisTimeMs: Number(time) * 1000,
        forkEpochs: { altair: 0, fulu: Infinity, gloas: Infinity },
        duePoints: { attestation: 3333, aggregate: 6667 },
      });
      await another.close();
    });

    const proper = answers.flatMap((answer) => {
      const call = CALLS.find(([prefix]) => answer.name.startsWith(prefix))?.[1];
      return call === undefined || (answer.name.startsWith('validators') && answer.status !== 200)
        ? []
        : [{ name: answer.name, status: answer.status, answer, call }];
    });

    it('every answer is either one that the client asks for or known as foreign', () => {
      const names = new Set([...proper.map(({ name: ofProper }) => ofProper), ...FOREIGN, ...APART]);
      expect(answers.map((answer) => answer.name).filter((one) => !names.has(one))).toEqual([]);
      expect(answers.length).toBeGreaterThan(30);
    });

    it.each(proper)('$name (HTTP $status)', async ({ answer, call }) => {
      serve(answer);
      if (answer.status !== 200) {
        const error = await rejectionOf(call(node, answer, slotsPerEpoch));
        expect(error).toMatchObject({ kind: 'http', status: answer.status });
        expect(error.message).toContain(`HTTP ${answer.status}: ${bodyOf(answer).message?.trim() ?? ''}`);
        return;
      }
      const result = await call(node, answer, slotsPerEpoch);
      if (answer.name === 'bcs') return;
      const { data, dependent_root: dependentRoot } = bodyOf(answer);
      if (/^(attester|proposer|sync)-/.test(answer.name)) {
        const rows = data as (Row & { validator_sync_committee_indices?: string[] })[];
        const { columns, ...rest } = result as Awaited<ReturnType<BeaconNode['getProposerDuties']>>;
        expect(rest).toEqual({ dependentRoot: dependentRoot ?? null, endpointVersion: 1 });
        expect(Array.from(columns.validator, String)).toEqual(rows.map((row) => row.validator_index));
        if (columns.slot) expect(Array.from(columns.slot, String)).toEqual(rows.map((row) => row.slot));
        if (columns.positions) {
          const positions = rows.flatMap((row) => row.validator_sync_committee_indices ?? []);
          expect(Array.from(columns.positions.values, String)).toEqual(positions);
        }
        expect(rows.length).toBeGreaterThan(0);
      } else if (answer.name.startsWith('validators')) {
        const records = result as Awaited<ReturnType<BeaconNode['getValidators']>>;
        const rows = data as { index: string; status: string; validator: { pubkey: string } }[];
        expect(records.map(({ index, status, pubkey }) => [String(index), status, pubkey])).toEqual(
          rows.map(({ index, status, validator }) => [index, status, validator.pubkey]),
        );
        expect(records.length).toBeGreaterThan(0);
      } else if (answer.name.startsWith('attestation-data')) {
        expect(result).toMatchObject({
          beaconBlockRoot: (data as { beacon_block_root: string }).beacon_block_root,
          target: { root: (data as { target: { root: string } }).target.root },
        });
      } else if (answer.name === 'node-syncing') {
        const status = data as { head_slot: string; sync_distance: string; is_syncing: boolean };
        expect(result).toEqual({
          headSlot: Number(status.head_slot),
          syncDistance: Number(status.sync_distance),
          isSyncing: status.is_syncing,
          isOptimistic: false,
          elOffline: false,
        });
      } else {
        expect(result).toEqual({ root: (data as { root: string }).root, executionOptimistic: false });
      }
    });

    it('events-bad-topic: the stream is refused', async () => {
      serve(answers.find((answer) => answer.name === 'events-bad-topic')!);
      const listener = new RecordingListener();
      node.openHeadStream(listener, NO_SIGNAL);
      await until(() => listener.closes.length === 1, 'the stream is over');
      expect(listener.closes[0]).toMatchObject({
        kind: 'http',
        status: 400,
        message: 'GET /eth/v1/events: HTTP 400: Invalid topic: nope',
      });
    });

    it('every answer in the wrong place is an answer or a BeaconNodeError', async () => {
      const spareNode = createHttpBeaconNode({ url: server.url, clock: new RealClock() });
      let rejected = 0;
      for (const answer of answers) {
        serve(answer);
        const calls = [
          spareNode.getChainSpec(NO_SIGNAL),
          spareNode.getSyncStatus(NO_SIGNAL),
          spareNode.getValidators(['1'], NO_SIGNAL),
          spareNode.getAttesterDuties(1, INDICES, NO_SIGNAL),
          spareNode.getProposerDuties(1, 2, NO_SIGNAL),
          spareNode.getSyncCommitteeDuties(1, INDICES, NO_SIGNAL),
          spareNode.getAttestationData(1, undefined, NO_SIGNAL),
          spareNode.getHeadRoot(NO_SIGNAL),
        ];
        for (const outcome of await Promise.allSettled(calls)) {
          if (outcome.status === 'fulfilled') continue;
          rejected++;
          expect(outcome.reason).toMatchObject({ name: 'BeaconNodeError' });
          expect((outcome.reason as Error).message).toMatch(/^(GET|POST) \/eth\/v\d\//);
        }
      }
      expect(rejected).toBeGreaterThan(answers.length * 4);
      await spareNode.close();
    });
  });

  it('lodestar-api-1.48: a spec with the Gloas keys', async () => {
    const [spec] = recordedAnswers(join(folder, 'lodestar-api-1.48'));
    server.handle((request, response) => {
      if (!request.target.endsWith('spec')) response.writeHead(404).end('{"code":404}');
      else {
        // This recording holds the configuration only; the node's preset comes from elsewhere.
        const { data } = bodyOf(spec!);
        const preset = { SLOTS_PER_EPOCH: '32', EPOCHS_PER_SYNC_COMMITTEE_PERIOD: '256' };
        response.end(JSON.stringify({ data: { ...(data as object), ...preset } }));
      }
    });
    const gloasNode = createHttpBeaconNode({ url: server.url, clock: new RealClock() });
    expect(await gloasNode.getChainSpec(NO_SIGNAL)).toBeUndefined();
    serve(spec!);
    expect((await rejectionOf(gloasNode.getChainSpec(NO_SIGNAL))).message).toBe(
      'GET /eth/v1/config/spec: data.SLOTS_PER_EPOCH: missing',
    );
    await gloasNode.close();
  });

  it('reorg: every duties answer of node B', async () => {
    const lines = readFileSync(join(folder, 'reorg/duties-node-b.jsonl'), 'utf8').trim().split('\n');
    [node] = await nodeOf('minimal-deneb');
    let read = 0;
    for (const line of lines) {
      const record = JSON.parse(line) as { kind: string; epoch: number; status: number; body?: Body };
      server.handle((_request, response) => {
        // Status 0 stands for a node that has gone away.
        if (record.status === 0) response.destroy();
        else response.writeHead(record.status).end(JSON.stringify(record.body));
      });
      const indices = Uint32Array.from({ length: 64 }, (_, i) => i);
      const call = {
        attester: () => node.getAttesterDuties(record.epoch, indices, NO_SIGNAL),
        proposer: () => node.getProposerDuties(record.epoch, 1, NO_SIGNAL),
        sync: () => node.getSyncCommitteeDuties(record.epoch, indices, NO_SIGNAL),
      }[record.kind];
      if (call === undefined) throw new Error(`unknown kind ${record.kind}`);
      if (record.status === 200) {
        const answer = await call();
        expect(answer.columns.validator).toHaveLength((record.body?.data as Row[]).length);
        expect(answer.dependentRoot).toBe(record.body?.dependent_root ?? null);
        read++;
      } else {
        expect(await rejectionOf(call())).toMatchObject({ kind: record.status === 0 ? 'unreachable' : 'http' });
      }
    }
    expect(read).toBeGreaterThan(10);
    await node.close();
  });
});

// `indicesOf` guards the fixture: the recorded duties are those of the first eight validators.
describe.skipIf(found === undefined)('the recordings', () => {
  it.each(['mainnet-deneb', 'minimal-deneb', 'minimal-electra'])('%s asked for validators 0 to 7', (name) => {
    const answer = recordedAnswers(join(folder, name)).find((one) => one.name === 'attester-current');
    expect(indicesOf(rowsOf(answer!))).toEqual(INDICES);
  });
});
