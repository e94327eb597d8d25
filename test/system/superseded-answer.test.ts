import { expect, test } from 'vitest';
import { takeAnswer } from '../../machines/duty-role/fetch-steps.js';
import type { RoleContext } from '../../machines/duty-role/role-context.js';
import { createScriptedRig } from '../support/scripted-rig.js';
import { root } from '../support/scripted-node.js';

// SPEC §2: a full fetch supersedes every older request for its table. An answer can be in the role's mailbox already
// when the fetch that asked for it is stopped: only its generation tells it from the new one's.
test('an answer of an older request is dropped, that of the one under way is taken in', async () => {
  const rig = createScriptedRig();
  for (let epoch = 0; epoch < 4; epoch++) rig.node.attester.set(epoch, { root: root(epoch + 1), duties: [] });
  rig.node.hold = (method, target) => method === 'attester' && target === 2;
  await rig.startAt(16);
  const { attester } = rig.scheduler.actor!.getSnapshot().children as unknown as Record<
    'attester',
    { getSnapshot(): { context: RoleContext } }
  >;
  const { context } = attester.getSnapshot();
  const { generation } = context.plan.get(2)!.fetch!;
  const answer = {
    dependentRoot: root(3),
    endpointVersion: 1,
    columns: { validator: Uint32Array.of(1), slot: Uint32Array.of(18), fields: {} },
  } as const;
  const told = (from: number) =>
    takeAnswer({ type: 'TABLE_FETCHED', target: 2, generation: from, answer, tookMs: 0 })(context);

  expect(told(generation - 1)).toEqual({ context, commands: [] });
  expect(told(generation).context.plan.get(2)).toMatchObject({ status: 'ready', fetch: undefined });
  await rig.stop();
});
