/** An independent client reads the devnet over HTTP: what its types refuse, the devnet says wrongly. */
import { getClient, routes, WireFormat, type ApiClient } from '@lodestar/api';
import { chainConfigFromJson, createChainForkConfig } from '@lodestar/config';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BeaconServer, Chain, healthyConditions, NodeView } from '../../src/devnet/index.js';
import { StoppedClock } from '../support/stopped-clock.js';

const GENESIS = 1_800_000_000_000;
const EVERYONE = Array.from({ length: 65 }, (_, i) => i);
const chain = new Chain({ genesisTimeMs: GENESIS, slotDurationMs: 2000 });
/** In slot 21. */
const clock = new StoppedClock(GENESIS + 21 * 2000 + 100);
const conditions = healthyConditions();
const server = new BeaconServer({ node: new NodeView(chain, conditions, () => clock.now()), clock });
let peer: ApiClient;

beforeAll(async () => {
  for (let slot = 1; slot <= 20; slot += 1) if (slot !== 7 && slot !== 16) chain.propose(slot);
  chain.addValidator();
  chain.exitValidator(11, 2);
  chain.slashValidator(12);
  await server.start();
  peer = getClient({ baseUrl: server.url }, { config: createChainForkConfig({}) });
});
afterAll(() => server.close());

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

describe('the client of @lodestar/api on the devnet', () => {
  it('reads the spec', async () => {
    const spec = (await peer.config.getSpec()).value();
    expect(spec).toMatchObject({ SLOTS_PER_EPOCH: '8', EPOCHS_PER_SYNC_COMMITTEE_PERIOD: '4' });
    expect(chainConfigFromJson(spec)).toMatchObject({
      CONFIG_NAME: 'devnet',
      SLOT_DURATION_MS: 2000,
      ATTESTATION_DUE_BPS: 3333,
      CONTRIBUTION_DUE_BPS_GLOAS: 5000,
      FULU_FORK_EPOCH: 0,
      GLOAS_FORK_EPOCH: Infinity,
      BLOB_SCHEDULE: [],
    });
  });

  it('reads genesis', async () => {
    const genesis = (await peer.beacon.getGenesis()).value();
    expect(genesis.genesisTime).toBe(GENESIS / 1000);
    expect(hex(genesis.genesisValidatorsRoot)).toMatch(/^0x[0-9a-f]{64}$/);
    expect(genesis.genesisForkVersion).toHaveLength(4);
  });

  it.each(['get', 'post'] as const)('reads validators by %s', async (method) => {
    const asked = { stateId: 'head', validatorIds: [3, 11, 12, 64, 99] };
    const answer = await (method === 'get'
      ? peer.beacon.getStateValidators(asked)
      : peer.beacon.postStateValidators(asked));
    expect(answer.meta()).toEqual({ executionOptimistic: false, finalized: false });
    const shown = answer.value().map(({ index, status, validator }) => ({
      index,
      status,
      pubkey: hex(validator.pubkey),
      exitEpoch: validator.exitEpoch,
    }));
    const pubkey = (index: number) => chain.validators.at(index).pubkey;
    expect(shown).toEqual([
      { index: 3, status: 'active_ongoing', pubkey: pubkey(3), exitEpoch: Infinity },
      { index: 11, status: 'exited_unslashed', pubkey: pubkey(11), exitEpoch: 2 },
      { index: 12, status: 'active_slashed', pubkey: pubkey(12), exitEpoch: chain.validators.at(12).exitEpoch },
      { index: 64, status: 'pending_queued', pubkey: pubkey(64), exitEpoch: Infinity },
    ]);
    expect(answer.value()[3]?.validator.activationEpoch).toBe(chain.validators.at(64).activationEpoch);
  });

  it.each([2, 3])('reads the attester duties of epoch %i', async (epoch) => {
    const answer = await peer.validator.getAttesterDuties({ epoch, indices: EVERYONE });
    expect(answer.meta()).toEqual({ executionOptimistic: false, dependentRoot: chain.attesterDependentRoot(epoch) });
    const committees = chain.committees(epoch);
    const expected = EVERYONE.flatMap((validatorIndex) => {
      const place = committees.placeOf(validatorIndex);
      if (place === undefined) return [];
      const { committeesAtSlot } = committees;
      return [{ validatorIndex, committeesAtSlot, pubkey: chain.validators.at(validatorIndex).pubkey, ...place }];
    });
    expect(expected).not.toHaveLength(0);
    expect(answer.value().map((duty) => ({ ...duty, pubkey: hex(duty.pubkey) }))).toEqual(expected);
  });

  it.each([1, 2] as const)('reads proposer duties by v%i', async (version) => {
    const answer = await (version === 1
      ? peer.validator.getProposerDuties({ epoch: 2 })
      : peer.validator.getProposerDutiesV2({ epoch: 2 }));
    expect(answer.meta()).toEqual({
      executionOptimistic: false,
      dependentRoot: chain.proposerDependentRoot(2, version),
    });
    expect(answer.value().map((duty) => [duty.slot, duty.validatorIndex, hex(duty.pubkey)])).toEqual(
      Array.from(chain.proposers(2), (index, i) => [16 + i, index, chain.validators.at(index).pubkey]),
    );
  });

  it('reads sync committee duties', async () => {
    const answer = await peer.validator.getSyncCommitteeDuties({ epoch: 2, indices: EVERYONE });
    const committee: number[] = [];
    for (const duty of answer.value()) {
      expect(hex(duty.pubkey)).toBe(chain.validators.at(duty.validatorIndex).pubkey);
      for (const position of duty.validatorSyncCommitteeIndices) committee[position] = duty.validatorIndex;
    }
    expect(committee).toEqual([...chain.syncCommittee(0)]);
  });

  it('reads the sync status', async () => {
    conditions.syncing = { isSyncing: true, isOptimistic: true };
    expect((await peer.node.getSyncingStatus()).value()).toEqual({
      headSlot: 20,
      syncDistance: 1,
      isSyncing: true,
      isOptimistic: true,
      elOffline: false,
    });
    conditions.syncing = undefined;
  });

  it('reads attestation data, also in the slot after a skipped epoch start', async () => {
    const data = (await peer.validator.produceAttestationData({ slot: 21, committeeIndex: 1 })).value();
    expect({ ...data, beaconBlockRoot: hex(data.beaconBlockRoot) }).toMatchObject({
      slot: 21,
      index: 1,
      beaconBlockRoot: chain.head.root,
      source: { epoch: 0 },
      target: { epoch: 2 },
    });
    expect(hex(data.target.root)).toBe(chain.blockAtOrBefore(16).root);
  });

  it.each(['head', 'genesis', '20'])('reads the root of block %s', async (blockId) => {
    const answer = await peer.beacon.getBlockRoot({ blockId });
    expect(hex(answer.value().root)).toBe((blockId === 'genesis' ? chain.genesis : chain.head).root);
    expect(answer.meta().executionOptimistic).toBe(false);
  });

  it('subscribes', async () => {
    const committee = { validatorIndex: 1, committeeIndex: 1, committeesAtSlot: 2, slot: 22, isAggregator: true };
    const sync = { validatorIndex: 2, syncCommitteeIndices: [3, 9], untilEpoch: 4 };
    const answers = [
      await peer.validator.prepareBeaconCommitteeSubnet({ subscriptions: [committee] }),
      await peer.validator.prepareSyncCommitteeSubnets({ subscriptions: [sync] }),
    ];
    for (const answer of answers) answer.assertOk();
    expect(server.beaconCommitteeSubscriptions).toEqual([committee]);
    expect(server.syncCommitteeSubscriptions).toEqual([sync]);
  });

  it('understands a refusal', async () => {
    const answer = await peer.validator.getAttesterDuties({ epoch: 9, indices: [1] });
    expect(answer.error()).toMatchObject({
      status: 400,
      message: expect.stringContaining('Cannot get duties for epoch more than one ahead') as string,
    });
  });

  it('falls back to JSON where it would rather send SSZ', async () => {
    const asked = { epoch: 2, indices: EVERYONE };
    const answer = await peer.validator.getAttesterDuties(asked, { requestWireFormat: WireFormat.ssz });
    expect(answer.value()).toHaveLength((await peer.validator.getAttesterDuties(asked)).value().length);
  });

  it('hears heads, blocks and re-orgs', async () => {
    const { head, block, chainReorg } = routes.events.EventType;
    const controller = new AbortController();
    const heard: routes.events.BeaconEvent[] = [];
    const errors: Error[] = [];
    await peer.events.eventstream({
      topics: [head, block, chainReorg],
      signal: controller.signal,
      onEvent: (event) => heard.push(event),
      onError: (error) => errors.push(error),
    });
    await expect.poll(() => server.streamCount).toBe(1);
    const old = chain.head;
    const sibling = chain.propose(21, { parent: chain.blockAt(19)!.root });
    await expect.poll(() => heard.length).toBe(3);
    controller.abort();
    await expect.poll(() => server.streamCount).toBe(0);

    expect(errors).toEqual([]);
    const message = (type: routes.events.EventType) => heard.find((event) => event.type === type)?.message;
    expect(message(head)).toEqual({ ...chain.headEvent(), block: sibling.root });
    expect(message(block)).toEqual({ slot: 21, block: sibling.root, executionOptimistic: false });
    expect(message(chainReorg)).toMatchObject({
      slot: 21,
      epoch: 2,
      depth: 1,
      oldHeadBlock: old.root,
      newHeadBlock: sibling.root,
      executionOptimistic: false,
    });
  });
});
