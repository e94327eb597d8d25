import { createActor, toPromise } from 'xstate';
import { expect, test } from 'vitest';
import { attester } from '../../../machines/roles/attester.js';
import { syncCommittee } from '../../../machines/roles/sync-committee.js';
import { collectData } from '../../../services/actors/node-actors.js';
import { NodePool } from '../../../services/beacon-node/node-pool.js';
import { LiveEntrance } from '../../../services/entrance/live-entrance.js';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import { createDevnet } from '../../../src/devnet/index.js';
import { alteredNode } from '../../support/altered-node.js';
import { testChain } from '../../support/chain.js';

const chain = testChain();
const entrance = new LiveEntrance(new VirtualClock(chain.genesisTimeMs), () => 0.5);
const node = createDevnet({ clock: new VirtualClock(chain.genesisTimeMs), genesisTimeMs: chain.genesisTimeMs }).node();

function collected(executionOptimistic: boolean, role: typeof attester) {
  const answering = alteredNode(node, { getHeadRoot: () => Promise.resolve({ root: '0xab', executionOptimistic }) });
  const pool = new NodePool([answering], chain, new VirtualClock(chain.genesisTimeMs));
  const kind = role.kinds.find(({ data }) => data !== null)!;
  return toPromise(
    createActor(collectData(entrance, pool), { input: { kind, slot: 0, chain, node: undefined } }).start(),
  );
}

test('a head that is not optimistic is signed over', async () => {
  await expect(collected(false, syncCommittee)).resolves.toEqual({ root: '0xab', executionOptimistic: false });
});

test('an optimistic one never is (§6)', async () => {
  await expect(collected(true, syncCommittee)).rejects.toThrow('the head is optimistic');
});

test('attesters sign over the data of their slot', async () => {
  await expect(collected(true, attester)).resolves.toMatchObject({ slot: 0, index: 0 });
});
