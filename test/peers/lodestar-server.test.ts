/** Our client reads a node whose answers an independent implementation writes. */
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BeaconNode, HeadEvent } from '../../machines/ports.js';
import { createHttpBeaconNode } from '../../services/beacon-node/http-beacon-node.js';
import { RealClock } from '../../services/clock/real-clock.js';
import { bytesOf, EventType, type PeerEvent, type PeerMethods, startLodestarNode } from './lodestar-node.js';

const NEVER = new AbortController().signal;
const root = (byte: string) => `0x${byte.repeat(32)}`;
const pubkey = (byte: string) => `0x${byte.repeat(48)}`;
const [ROOT_A, ROOT_B, ROOT_C] = [root('aa'), root('bb'), root('cc')];

/** What the node was asked, by method. */
const asked = new Map<string, unknown>();
/** Sends an event on the one open stream. */
let tell: ((event: PeerEvent) => void) | undefined;
let streamEnded = false;

function attesterDuty(validatorIndex: number) {
  return {
    pubkey: bytesOf(pubkey('11')),
    validatorIndex,
    committeeIndex: 62,
    committeeLength: 511,
    committeesAtSlot: 64,
    validatorCommitteeIndex: validatorIndex % 511,
    slot: 64 + (validatorIndex % 32),
  };
}

const dutiesMeta = { executionOptimistic: false, dependentRoot: ROOT_A };
const validator = {
  pubkey: bytesOf(pubkey('ab')),
  withdrawalCredentials: bytesOf(ROOT_C),
  effectiveBalance: 32e9,
  slashed: false,
  activationEligibilityEpoch: 3,
  activationEpoch: 7,
  exitEpoch: Infinity,
  withdrawableEpoch: Infinity,
};

const METHODS: PeerMethods = {
  beacon: {
    getGenesis: async () => ({
      data: {
        genesisTime: 1_606_824_023,
        genesisValidatorsRoot: bytesOf(ROOT_B),
        genesisForkVersion: bytesOf('0x00000001'),
      },
    }),
    postStateValidators: async (args) => {
      asked.set('validators', args);
      const data = [
        { index: 5, balance: 32e9, status: 'active_ongoing' as const, validator },
        { index: 6, balance: 1, status: 'exited_slashed' as const, validator: { ...validator, exitEpoch: 12 } },
      ];
      return { data, meta: { executionOptimistic: false, finalized: false } };
    },
    getBlockRoot: async (args) => {
      asked.set('block', args);
      return { data: { root: bytesOf(ROOT_C) }, meta: { executionOptimistic: true, finalized: false } };
    },
  },
  config: {
    getSpec: async () => ({
      data: {
        SLOT_DURATION_MS: '12000',
        SLOTS_PER_EPOCH: '32',
        EPOCHS_PER_SYNC_COMMITTEE_PERIOD: '256',
        ALTAIR_FORK_EPOCH: '74240',
        GLOAS_FORK_EPOCH: '18446744073709551615',
        DEPOSIT_CHAIN_ID: '1',
        BLOB_SCHEDULE: [{ EPOCH: '5', MAX_BLOBS_PER_BLOCK: '12' }],
      },
    }),
  },
  events: {
    eventstream: async (args) => {
      asked.set('topics', args.topics);
      tell = args.onEvent;
      args.signal.addEventListener('abort', () => (streamEnded = true));
    },
  },
  node: {
    getSyncingStatus: async () => ({
      data: { headSlot: 99, syncDistance: 3, isSyncing: true, isOptimistic: true, elOffline: true },
    }),
  },
  validator: {
    getAttesterDuties: async (args) => {
      asked.set('attester', args);
      return { data: [...args.indices, 70_000].map(attesterDuty), meta: dutiesMeta };
    },
    getProposerDuties: async () => ({
      data: [{ slot: 65, validatorIndex: 9, pubkey: bytesOf(pubkey('22')) }],
      meta: { ...dutiesMeta, dependentRoot: ROOT_B },
    }),
    getProposerDutiesV2: async () => ({
      data: [
        { slot: 66, validatorIndex: 4_000_000, pubkey: bytesOf(pubkey('22')) },
        { slot: 67, validatorIndex: 8, pubkey: bytesOf(pubkey('33')) },
      ],
      meta: dutiesMeta,
    }),
    getSyncCommitteeDuties: async (args) => {
      asked.set('sync', args);
      if (args.epoch > 500) throw Object.assign(new Error('Requested epoch is too far ahead'), { statusCode: 400 });
      const duty = { pubkey: bytesOf(pubkey('44')), validatorIndex: 6, validatorSyncCommitteeIndices: [3, 511] };
      return { data: [duty], meta: { executionOptimistic: false } };
    },
    produceAttestationData: async (args) => {
      asked.set('attestation data', args);
      const data = {
        slot: args.slot,
        index: args.committeeIndex ?? 0,
        beaconBlockRoot: bytesOf(ROOT_A),
        source: { epoch: 1, root: bytesOf(ROOT_B) },
        target: { epoch: 2, root: bytesOf(ROOT_C) },
      };
      return { data };
    },
    prepareBeaconCommitteeSubnet: async (args) => void asked.set('committee subscriptions', args),
    prepareSyncCommitteeSubnets: async (args) => void asked.set('sync subscriptions', args),
  },
};

let app: FastifyInstance;
let node: BeaconNode & { close(): Promise<void> };

beforeAll(async () => {
  const peer = await startLodestarNode(METHODS);
  app = peer.app;
  node = createHttpBeaconNode({ url: peer.url, clock: new RealClock() });
});
afterAll(async () => {
  await node.close();
  await app.close();
});

describe('our client on the server routes of @lodestar/api', () => {
  it('reads spec and genesis', async () => {
    expect(await node.getChainSpec(NEVER)).toMatchObject({
      genesisTimeMs: 1_606_824_023_000,
      genesisValidatorsRoot: ROOT_B,
      slotDurationMs: 12_000,
      slotsPerEpoch: 32,
      epochsPerSyncCommitteePeriod: 256,
      forkEpochs: { altair: 74_240, fulu: Infinity, gloas: Infinity },
      depositChainId: 1,
    });
  });

  it('reads the sync status', async () => {
    expect(await node.getSyncStatus(NEVER)).toEqual({
      headSlot: 99,
      syncDistance: 3,
      isSyncing: true,
      isOptimistic: true,
      elOffline: true,
    });
  });

  it('reads validators, asked for by index and by public key', async () => {
    const records = await node.getValidators(['6', pubkey('AB')], NEVER);
    expect(asked.get('validators')).toMatchObject({ stateId: 'head', validatorIds: [6, pubkey('AB')] });
    expect(records).toEqual([
      { index: 5, pubkey: pubkey('ab'), status: 'active_ongoing', activationEpoch: 7, exitEpoch: Infinity },
      { index: 6, pubkey: pubkey('ab'), status: 'exited_slashed', activationEpoch: 7, exitEpoch: 12 },
    ]);
  });

  it('reads attester duties, and leaves out whom it did not ask for', async () => {
    const indices = Uint32Array.of(3, 600);
    const { columns, ...answer } = await node.getAttesterDuties(2, indices, NEVER);
    expect(asked.get('attester')).toMatchObject({ epoch: 2, indices: [3, 600] });
    expect(answer).toEqual({ dependentRoot: ROOT_A, endpointVersion: 1 });
    expect(columns).toEqual({
      validator: indices,
      slot: Uint32Array.of(67, 88),
      fields: {
        committeeIndex: Uint16Array.of(62, 62),
        committeeLength: Uint16Array.of(511, 511),
        committeesAtSlot: Uint16Array.of(64, 64),
        validatorCommitteeIndex: Uint16Array.of(3, 89),
      },
    });
  });

  it('reads proposer duties by both versions', async () => {
    expect(await node.getProposerDuties(2, 1, NEVER)).toEqual({
      dependentRoot: ROOT_B,
      endpointVersion: 1,
      columns: { validator: Uint32Array.of(9), slot: Uint32Array.of(65), fields: {} },
    });
    expect(await node.getProposerDuties(2, 2, NEVER)).toEqual({
      dependentRoot: ROOT_A,
      endpointVersion: 2,
      columns: { validator: Uint32Array.of(4_000_000, 8), slot: Uint32Array.of(66, 67), fields: {} },
    });
  });

  it('reads sync committee duties', async () => {
    const answer = await node.getSyncCommitteeDuties(2, Uint32Array.of(5, 6), NEVER);
    expect(asked.get('sync')).toMatchObject({ epoch: 2, indices: [5, 6] });
    expect(answer.dependentRoot).toBeNull();
    expect(answer.columns).toMatchObject({
      validator: Uint32Array.of(6),
      positions: { offsets: Uint32Array.of(0, 2), values: Uint16Array.of(3, 511) },
    });
  });

  it('reads attestation data', async () => {
    expect(await node.getAttestationData(70, 4, NEVER)).toEqual({
      slot: 70,
      index: 4,
      beaconBlockRoot: ROOT_A,
      source: { epoch: 1, root: ROOT_B },
      target: { epoch: 2, root: ROOT_C },
    });
    expect(asked.get('attestation data')).toEqual({ slot: 70, committeeIndex: 4 });
    await node.getAttestationData(70, undefined, NEVER);
    expect(asked.get('attestation data')).toEqual({ slot: 70 });
  });

  it('reads the head root', async () => {
    expect(await node.getHeadRoot(NEVER)).toEqual({ root: ROOT_C, executionOptimistic: true });
    expect(asked.get('block')).toEqual({ blockId: 'head' });
  });

  it('subscribes', async () => {
    const committee = { validatorIndex: 1, committeeIndex: 2, committeesAtSlot: 64, slot: 70, isAggregator: true };
    const sync = { validatorIndex: 1, syncCommitteeIndices: [3, 511], untilEpoch: 512 };
    await node.subscribeBeaconCommittees([committee], NEVER);
    await node.subscribeSyncCommittees([sync], NEVER);
    expect(asked.get('committee subscriptions')).toEqual({ subscriptions: [committee] });
    expect(asked.get('sync subscriptions')).toEqual({ subscriptions: [sync] });
  });

  it('shows what a refusal says', async () => {
    await expect(node.getSyncCommitteeDuties(501, Uint32Array.of(1), NEVER)).rejects.toMatchObject({
      kind: 'http',
      status: 400,
      message: 'POST /eth/v1/validator/duties/sync/501: HTTP 400: Requested epoch is too far ahead',
    });
  });

  it('hears heads, and its stream ends when it gives up', async () => {
    const heads: HeadEvent[] = [];
    const failures: Error[] = [];
    const controller = new AbortController();
    const listener = {
      opened: () => undefined,
      alive: () => undefined,
      head: (head: HeadEvent) => void heads.push(head),
      malformed: (error: Error) => void failures.push(error),
      closed: (error: Error) => void failures.push(error),
    };
    node.openHeadStream(listener, controller.signal);
    await expect.poll(() => tell).toBeDefined();
    expect(asked.get('topics')).toEqual(['head']);
    const head = {
      slot: 71,
      block: ROOT_A,
      epochTransition: false,
      previousDutyDependentRoot: ROOT_B,
      currentDutyDependentRoot: ROOT_C,
      executionOptimistic: false,
    };
    tell?.({ type: EventType.block, message: { slot: 71, block: ROOT_A, executionOptimistic: false } });
    tell?.({ type: EventType.head, message: { ...head, state: ROOT_A } });
    await expect.poll(() => heads).toEqual([head]);
    controller.abort();
    await expect.poll(() => streamEnded).toBe(true);
    expect(failures).toEqual([]);
  });
});
