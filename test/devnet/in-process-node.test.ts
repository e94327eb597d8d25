import { describe, expect, it } from 'vitest';
import { BeaconNodeError, type HeadStreamListener } from '../../machines/ports.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { createDevnet, type InProcessNodeOptions } from '../../src/devnet/index.js';

const START = 1_800_000_000_000;
const SLOT = 2000;
const NEVER = new AbortController().signal;
const INDICES = Uint32Array.of(1, 5, 9);

async function devnet(options: Omit<InProcessNodeOptions, 'chain' | 'clock'> = {}) {
  const clock = new VirtualClock(START);
  const net = createDevnet({ clock, genesisTimeMs: START, scenario: { missedShare: 0, lateShare: 0 } });
  await net.start();
  return { clock, chain: net.chain, node: net.node(options) };
}

/** What became of a promise so far. */
function watch<T>(promise: Promise<T>): { value?: T; error?: BeaconNodeError } {
  const seen: { value?: T; error?: BeaconNodeError } = {};
  promise.then(
    (value) => (seen.value = value),
    (error: BeaconNodeError) => (seen.error = error),
  );
  return seen;
}

function recordStream(): { listener: HeadStreamListener; seen: string[] } {
  const seen: string[] = [];
  const listener: HeadStreamListener = {
    opened: () => seen.push('opened'),
    alive: () => undefined,
    head: ({ slot }) => seen.push(`head ${slot}`),
    malformed: () => seen.push('malformed'),
    closed: ({ kind }) => seen.push(`closed ${kind}`),
  };
  return { listener, seen };
}

describe('the node without a wire', () => {
  it('answers duties in columns that are those of the chain', async () => {
    const { chain, node, clock } = await devnet();
    await clock.advanceBy(10 * SLOT);
    const attester = await node.getAttesterDuties(1, INDICES, NEVER);
    expect(attester).toMatchObject({ dependentRoot: chain.attesterDependentRoot(1), endpointVersion: 1 });
    expect([...attester.columns.validator]).toEqual([1, 5, 9]);
    INDICES.forEach((index, row) => {
      const { slot, fields } = attester.columns;
      expect(chain.committees(1).placeOf(index)).toEqual({
        slot: slot?.[row],
        committeeIndex: fields.committeeIndex?.[row],
        committeeLength: fields.committeeLength?.[row],
        validatorCommitteeIndex: fields.validatorCommitteeIndex?.[row],
      });
      expect(fields.committeesAtSlot?.[row]).toBe(2);
    });

    const proposer = await node.getProposerDuties(1, 2, NEVER);
    expect(proposer).toMatchObject({ dependentRoot: chain.proposerDependentRoot(1, 2), endpointVersion: 2 });
    expect([...(proposer.columns.slot ?? [])]).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
    expect(proposer.columns.validator).toEqual(chain.proposers(1));

    const everyone = Uint32Array.from({ length: 64 }, (_, i) => i);
    const sync = await node.getSyncCommitteeDuties(1, everyone, NEVER);
    const committee: number[] = [];
    sync.columns.validator.forEach((validator, row) => {
      const { offsets, values } = sync.columns.positions ?? { offsets: [], values: new Uint16Array() };
      for (const position of values.subarray(offsets[row], offsets[row + 1])) committee[position] = validator;
    });
    expect(sync.dependentRoot).toBeNull();
    expect(committee).toEqual([...chain.syncCommittee(0)]);
    expect(sync.columns.validator.length).toBeLessThan(16);
  });

  it('leaves validators without a duty out', async () => {
    const { chain, node } = await devnet();
    const { index } = chain.addValidator({ activationEpoch: 9 });
    const { columns } = await node.getAttesterDuties(0, Uint32Array.of(3, index), NEVER);
    expect([...columns.validator]).toEqual([3]);
    expect(columns.slot).toHaveLength(1);
    expect(columns.fields.committeesAtSlot).toHaveLength(1);
  });

  it.each([
    ['unknown index', 500, 'getAttesterDuties', 0, Uint32Array.of(1, 999_999)],
    ['no index', 400, 'getAttesterDuties', 0, new Uint32Array()],
    ['two epochs ahead', 400, 'getAttesterDuties', 2, INDICES],
    ['two periods ahead', 500, 'getSyncCommitteeDuties', 8, INDICES],
  ] as const)('refuses as over HTTP: %s is a %i', async (_title, status, method, epoch, indices) => {
    const { node } = await devnet();
    await expect(node[method](epoch, indices, NEVER)).rejects.toMatchObject({ kind: 'http', status });
  });

  it('refuses proposers too far ahead, v2 where not served, and data of the future', async () => {
    const { node } = await devnet();
    await expect(node.getProposerDuties(2, 2, NEVER)).rejects.toMatchObject({ kind: 'http', status: 400 });
    await expect(node.getAttestationData(1, 0, NEVER)).rejects.toMatchObject({ kind: 'http', status: 500 });
    node.conditions.servesProposerV2 = false;
    await expect(node.getProposerDuties(0, 2, NEVER)).rejects.toMatchObject({ kind: 'http', status: 404 });
    expect((await node.getProposerDuties(0, 1, NEVER)).endpointVersion).toBe(1);
  });

  it('shows its conditions: genesis unknown, syncing', async () => {
    const { node, chain } = await devnet();
    node.conditions.genesisKnown = false;
    expect(await node.getChainSpec(NEVER)).toBeUndefined();
    node.conditions.genesisKnown = true;
    expect(await node.getChainSpec(NEVER)).toMatchObject({
      genesisTimeMs: START,
      slotsPerEpoch: 8,
      depositChainId: 31337,
    });
    node.conditions.syncing = { isSyncing: true, syncDistance: 6, elOffline: true };
    expect(await node.getSyncStatus(NEVER)).toMatchObject({ isSyncing: true, elOffline: true, headSlot: 0 });
    expect((await node.getHeadRoot(NEVER)).root).toBe(chain.head.root);
    await node.getAttesterDuties(0, INDICES, NEVER);
    node.conditions.syncing = { isSyncing: true, syncDistance: 9 };
    await expect(node.getAttesterDuties(0, INDICES, NEVER)).rejects.toMatchObject({ kind: 'http', status: 503 });
  });

  it('knows validators by index and pubkey, and only those asked for', async () => {
    const { node, chain } = await devnet();
    const { pubkey } = chain.validators.at(4);
    const known = await node.getValidators(['2', pubkey, '77'], NEVER);
    expect(known).toMatchObject([
      { index: 2, status: 'active_ongoing', activationEpoch: 0, exitEpoch: Infinity },
      { index: 4, pubkey },
    ]);
    expect(await node.getValidators([], NEVER)).toEqual([]);
  });

  it('answers after its latency, with the chain as it was half-way', async () => {
    const { node, clock, chain } = await devnet({ latencyMs: 200 });
    const first = watch(node.getHeadRoot(NEVER));
    const before = chain.head.root;
    await clock.advanceBy(150);
    chain.propose(1);
    await clock.advanceBy(49);
    expect(first).toEqual({});
    expect(node.underWay).toBe(1);
    await clock.advanceBy(1);
    expect(first.value?.root).toBe(before);
    expect(node.underWay).toBe(0);
  });

  it('fails, hangs and delays as often as told, and counts calls', async () => {
    const { node, clock } = await devnet();
    node.fail('getAttesterDuties', 1, 503);
    node.fail('getAttesterDuties', 1, new BeaconNodeError('unreachable', 'gone'));
    node.hang('getAttesterDuties', 1);
    node.delay('getAttesterDuties', 300, 1);
    const ask = () => watch(node.getAttesterDuties(0, INDICES, NEVER));
    const answers = [ask(), ask(), ask(), ask(), ask()];
    await clock.advanceBy(299);
    expect(answers.map(({ value, error }) => (value === undefined ? error?.kind : 'answer'))).toEqual([
      'http',
      'unreachable',
      undefined,
      undefined,
      'answer',
    ]);
    expect(answers[0]?.error?.status).toBe(503);
    await clock.advanceBy(1);
    expect(answers[3]?.value).toBeDefined();
    await clock.advanceBy(SLOT - 301);
    expect(answers[2]).toEqual({});
    await clock.advanceBy(1);
    expect(answers[2]?.error?.kind).toBe('timeout');
    expect([node.count('getAttesterDuties'), node.count('getHeadRoot')]).toEqual([5, 0]);
    node.fail('getHeadRoot');
    node.heal();
    expect(await node.getHeadRoot(NEVER)).toBeDefined();
  });

  it('gives up at once when the signal fires, and leaves no timer', async () => {
    const { node, clock } = await devnet();
    const pending = clock.pending;
    const controller = new AbortController();
    node.hang('getAttesterDuties');
    const hanging = watch(node.getAttesterDuties(0, INDICES, controller.signal));
    await clock.advanceBy(10);
    expect(clock.pending).toBe(pending + 1);
    controller.abort();
    await clock.advanceBy(0);
    expect(hanging.error?.kind).toBe('aborted');
    expect([clock.pending, node.underWay]).toEqual([pending, 0]);
    await expect(node.getHeadRoot(controller.signal)).rejects.toMatchObject({ kind: 'aborted' });
  });

  it('streams heads, opened by the first one', async () => {
    const { node, clock } = await devnet();
    const { listener, seen } = recordStream();
    node.openHeadStream(listener, NEVER);
    await clock.advanceBy(SLOT);
    expect(seen).toEqual([]);
    await clock.advanceBy(2 * SLOT);
    expect(seen).toEqual(['opened', 'head 1', 'head 2']);
  });

  it('ends a stream with closed, or silently by its signal', async () => {
    const { node, clock } = await devnet({ lazyEventHeaders: false, latencyMs: 10 });
    const [dropped, aborted] = [recordStream(), recordStream()];
    const controller = new AbortController();
    node.openHeadStream(aborted.listener, controller.signal);
    await clock.advanceBy(2 * SLOT);
    controller.abort();
    node.openHeadStream(dropped.listener, NEVER);
    await clock.advanceBy(SLOT);
    node.dropStreams();
    await clock.advanceBy(2 * SLOT);
    expect(aborted.seen).toEqual(['opened', 'head 1']);
    expect(dropped.seen).toEqual(['opened', 'head 2', 'closed unreachable']);
    expect(node.streamCount).toBe(0);
  });

  it('lets streams fail, hang and fall silent', async () => {
    const { node, clock } = await devnet();
    node.fail('openHeadStream', 1, 503);
    node.hang('openHeadStream', 1);
    const [failed, hung, silent, healthy] = [recordStream(), recordStream(), recordStream(), recordStream()];
    for (const { listener } of [failed, hung, silent]) node.openHeadStream(listener, NEVER);
    await clock.advanceBy(2 * SLOT);
    node.silenceStreams();
    node.openHeadStream(healthy.listener, NEVER);
    await clock.advanceBy(SLOT);
    expect(failed.seen).toEqual(['closed http']);
    expect(hung.seen).toEqual([]);
    expect(silent.seen).toEqual(['opened', 'head 1']);
    expect(healthy.seen).toEqual(['opened', 'head 2']);
    expect([node.streamCount, node.count('openHeadStream')]).toEqual([3, 4]);
  });

  it('keeps subscriptions', async () => {
    const { node } = await devnet();
    const entry = { validatorIndex: 1, committeeIndex: 0, committeesAtSlot: 2, slot: 5, isAggregator: true };
    await node.subscribeBeaconCommittees([entry], NEVER);
    await node.subscribeSyncCommittees([{ validatorIndex: 1, syncCommitteeIndices: [3], untilEpoch: 4 }], NEVER);
    expect(node.beaconCommitteeSubscriptions).toEqual([entry]);
    expect(node.syncCommitteeSubscriptions).toHaveLength(1);
  });
});
