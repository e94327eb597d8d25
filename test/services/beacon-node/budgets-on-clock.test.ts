import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BeaconNode } from '../../../machines/ports.js';
import { createHttpBeaconNode } from '../../../services/beacon-node/http-beacon-node.js';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import { learnSpec } from './known-chain.js';
import { NodeServer, until } from './node-server.js';
import { NO_SIGNAL, rejectionOf } from './rejection.js';

let server: NodeServer;
let clock: VirtualClock;
let node: BeaconNode & { close(): Promise<void> };

beforeEach(async () => {
  server = await new NodeServer().listen();
  clock = new VirtualClock(0);
  node = createHttpBeaconNode({ url: server.url, clock });
});
afterEach(async () => {
  await node.close();
  await server.close();
});

describe('time budgets on the injected clock', () => {
  /** Budget of a call, as the virtual time at which it times out. */
  async function budgetOf(call: () => Promise<unknown>): Promise<number> {
    server.handle(() => undefined);
    const arrived = server.requests.length + 1;
    const start = clock.now();
    const rejection = rejectionOf(call());
    await until(() => server.requests.length === arrived, 'the request arrives');
    expect(await clock.runNext()).toBe(true);
    expect((await rejection).kind).toBe('timeout');
    return clock.now() - start;
  }

  const calls: [string, (of: BeaconNode) => Promise<unknown>, number, number][] = [
    ['getChainSpec', (of) => of.getChainSpec(NO_SIGNAL), 10_000, 6000],
    ['getSyncStatus', (of) => of.getSyncStatus(NO_SIGNAL), 2000, 2000],
    ['getValidators', (of) => of.getValidators(['1'], NO_SIGNAL), 10_000, 6000],
    ['getAttesterDuties', (of) => of.getAttesterDuties(0, Uint32Array.of(1), NO_SIGNAL), 12_000, 6000],
    ['getProposerDuties', (of) => of.getProposerDuties(0, 2, NO_SIGNAL), 12_000, 6000],
    ['getSyncCommitteeDuties', (of) => of.getSyncCommitteeDuties(0, Uint32Array.of(1), NO_SIGNAL), 12_000, 6000],
    ['getAttestationData', (of) => of.getAttestationData(1, 0, NO_SIGNAL), 2000, 1000],
    ['getHeadRoot', (of) => of.getHeadRoot(NO_SIGNAL), 2000, 1000],
    [
      'subscribeSyncCommittees',
      (of) => of.subscribeSyncCommittees([{ validatorIndex: 1, syncCommitteeIndices: [1], untilEpoch: 5 }], NO_SIGNAL),
      500,
      500,
    ],
  ];

  it.each(calls)('%s', async (_name, call, unknownSlotTime, sixSecondSlots) => {
    expect(await budgetOf(() => call(node))).toBe(unknownSlotTime);
    await learnSpec(node, server);
    expect(await budgetOf(() => call(node))).toBe(sixSecondSlots);
  });

  it('duties get a quarter of a slot where another node can be asked', async () => {
    const oneOfTwo = createHttpBeaconNode({ url: server.url, clock, anotherNodeCanBeAsked: true });
    await learnSpec(oneOfTwo, server);
    expect(await budgetOf(() => oneOfTwo.getProposerDuties(0, 1, NO_SIGNAL))).toBe(1500);
    await oneOfTwo.close();
  });
});
