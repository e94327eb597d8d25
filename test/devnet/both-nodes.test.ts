/** The node without a wire and the HTTP client on the devnet's server must not differ: tests on either prove both. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BeaconNode, HeadEvent } from '../../machines/ports.js';
import { createHttpBeaconNode } from '../../services/beacon-node/http-beacon-node.js';
import { BeaconServer, Chain, InProcessNode, NodeView } from '../../src/devnet/index.js';
import { StoppedClock } from '../support/stopped-clock.js';

const GENESIS = 1_800_000_000_000;
const NEVER = new AbortController().signal;
const EVERYONE = Uint32Array.from({ length: 66 }, (_, i) => i);
/** In slot 21. */
const clock = new StoppedClock(GENESIS + 21 * 2000 + 100);
const chain = new Chain({ genesisTimeMs: GENESIS, slotDurationMs: 2000 });
const inProcess = new InProcessNode({ chain, clock });
const server = new BeaconServer({ node: new NodeView(chain, inProcess.conditions, () => clock.now()), clock });
let overHttp: ReturnType<typeof createHttpBeaconNode>;

beforeAll(async () => {
  for (let slot = 1; slot <= 20; slot += 1) if (slot !== 7 && slot !== 16) chain.propose(slot);
  chain.addValidator();
  chain.addValidator({ activationEligibilityEpoch: Infinity, activationEpoch: Infinity });
  chain.exitValidator(11, 2);
  chain.slashValidator(12);
  await server.start();
  overHttp = createHttpBeaconNode({ url: server.url, clock });
});

afterAll(async () => {
  await overHttp.close();
  await server.close();
});

type Ask = (node: BeaconNode) => Promise<unknown>;

const ANSWERS: readonly (readonly [string, Ask])[] = [
  ['spec', (node) => node.getChainSpec(NEVER)],
  ['sync status', (node) => node.getSyncStatus(NEVER)],
  ['validators', (node) => node.getValidators(['3', '11', '12', '64', '65', '99'], NEVER)],
  ['validators by pubkey', (node) => node.getValidators([chain.validators.at(5).pubkey], NEVER)],
  ['attester duties', (node) => node.getAttesterDuties(2, EVERYONE, NEVER)],
  ['attester duties ahead', (node) => node.getAttesterDuties(3, EVERYONE, NEVER)],
  ['proposer duties by v1', (node) => node.getProposerDuties(2, 1, NEVER)],
  ['proposer duties by v2', (node) => node.getProposerDuties(3, 2, NEVER)],
  ['sync committee duties', (node) => node.getSyncCommitteeDuties(4, EVERYONE, NEVER)],
  ['attestation data', (node) => node.getAttestationData(21, 0, NEVER)],
  ['attestation data without a committee', (node) => node.getAttestationData(20, undefined, NEVER)],
  ['head root', (node) => node.getHeadRoot(NEVER)],
];

const REFUSALS: readonly (readonly [string, number, Ask])[] = [
  ['unknown index', 500, (node) => node.getAttesterDuties(2, Uint32Array.of(1, 99), NEVER)],
  ['attester duties too far ahead', 400, (node) => node.getAttesterDuties(4, EVERYONE, NEVER)],
  ['proposer duties too far ahead', 400, (node) => node.getProposerDuties(4, 2, NEVER)],
  ['sync duties too far ahead', 500, (node) => node.getSyncCommitteeDuties(8, EVERYONE, NEVER)],
  ['data of the future', 500, (node) => node.getAttestationData(22, 0, NEVER)],
];

describe('over HTTP and without a wire', () => {
  it.each(ANSWERS)('%s is the same', async (_title, ask) => {
    const answer = await ask(inProcess);
    expect(answer).toBeDefined();
    expect(await ask(overHttp)).toEqual(answer);
  });

  it.each(REFUSALS)('%s is a %i', async (_title, status, ask) => {
    await expect(ask(inProcess)).rejects.toMatchObject({ kind: 'http', status });
    await expect(ask(overHttp)).rejects.toMatchObject({ kind: 'http', status });
  });

  it('conditions show alike', async () => {
    inProcess.conditions.servesProposerV2 = false;
    inProcess.conditions.genesisKnown = false;
    inProcess.conditions.syncing = { isSyncing: true, syncDistance: 100 };
    try {
      for (const node of [inProcess, overHttp]) {
        expect(await node.getChainSpec(NEVER)).toBeUndefined();
        await expect(node.getProposerDuties(2, 2, NEVER)).rejects.toMatchObject({ kind: 'http', status: 404 });
        await expect(node.getAttesterDuties(2, EVERYONE, NEVER)).rejects.toMatchObject({ kind: 'http', status: 503 });
        expect(await node.getSyncStatus(NEVER)).toMatchObject({ isSyncing: true, syncDistance: 100 });
      }
    } finally {
      inProcess.conditions.servesProposerV2 = true;
      inProcess.conditions.genesisKnown = true;
      inProcess.conditions.syncing = undefined;
    }
  });

  it('subscriptions arrive alike', async () => {
    const beacon = [{ validatorIndex: 1, committeeIndex: 1, committeesAtSlot: 2, slot: 22, isAggregator: true }];
    const sync = [{ validatorIndex: 1, syncCommitteeIndices: [3, 9], untilEpoch: 4 }];
    for (const node of [inProcess, overHttp]) {
      await node.subscribeBeaconCommittees(beacon, NEVER);
      await node.subscribeSyncCommittees(sync, NEVER);
    }
    for (const node of [inProcess, server]) {
      expect([node.beaconCommitteeSubscriptions, node.syncCommitteeSubscriptions]).toEqual([beacon, sync]);
    }
  });

  it('heads arrive alike', async () => {
    const controller = new AbortController();
    const heads = new Map<BeaconNode, HeadEvent>();
    for (const node of [inProcess, overHttp]) {
      const ignore = (): void => undefined;
      const head = (event: HeadEvent): void => void heads.set(node, event);
      node.openHeadStream(
        { opened: ignore, alive: ignore, malformed: ignore, closed: ignore, head },
        controller.signal,
      );
    }
    await expect.poll(() => server.streamCount).toBe(1);
    chain.propose(21);
    await expect.poll(() => heads.size).toBe(2);
    expect(heads.get(inProcess)).toMatchObject({ slot: 21, block: chain.head.root });
    expect(heads.get(inProcess)).toEqual(heads.get(overHttp));
    controller.abort();
    await expect.poll(() => server.streamCount).toBe(0);
  });
});
