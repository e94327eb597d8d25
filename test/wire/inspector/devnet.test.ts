import { expect, test } from 'vitest';
import { reorg } from '../../../src/devnet/index.js';
import { createWireRig } from '../../support/wire-rig.js';
import { openInspector, Viewer } from './viewer.js';

// The package's own receiver is the peer: what it understands, the Stately inspector understands.
test('a viewer that comes late follows a devnet run through a re-org', async () => {
  const { inspector, viewers } = await openInspector();
  const rig = await createWireRig({ scheduler: { inspect: inspector.inspect } });
  try {
    await rig.scheduler.start();
    const middle = rig.nextAt(2);
    await rig.until(middle, -400);
    const viewer = new Viewer(viewers);
    await viewer.until(({ names }) => names.includes('sync-committee'));
    expect(viewer.names).toEqual(
      expect.arrayContaining(['scheduler', 'validators', 'beacon-node-1', 'slot-clock', 'attester', 'proposer']),
    );
    expect(viewer.names[0]).toBe('scheduler');

    await rig.until(middle + 1, -100);
    const heal = rig.server.faults.set({ match: /\/duties\/attester/, action: 'hang' });
    await rig.until(middle + 1, 400);
    reorg(rig.devnet.chain, { atSlot: middle + 1, depth: 5 });
    await viewer.until((seen) => schedules(seen).includes('refetching-after-reorg'));
    heal();
    // The fetch that hangs is worthless now: it is stopped, and its request with it.
    reorg(rig.devnet.chain, { atSlot: middle + 1, depth: 5 });
    await viewer.until((seen) => statuses(seen, /^attester\/fetch-\d+$/).includes('stopped'));
    expect(statuses(viewer, /^attester\/fetch-\d+\/request$/)).toContain('stopped');
    await viewer.until((seen) => schedules(seen).at(-1) === 'scheduled');
    await viewer.until((seen) => statuses(seen, /^attester\/attester-\d+$/).includes('done'));
    expect(viewer.names).toEqual(expect.arrayContaining([expect.stringMatching(/^attester\/aggregator-\d+$/)]));

    const registered = viewer.heard.find((event) => event.type === '@xstate.actor' && event.name === 'attester')!;
    expect(JSON.parse((registered as { definition: string }).definition)).toMatchObject({
      id: 'duty-role',
      states: {
        schedule: {
          states: { 'refetching-after-reorg': { description: expect.stringContaining('known to be wrong') as string } },
        },
      },
    });
    const { context } = viewer.of('attester').at(-1)!;
    const [table] = Object.values(context!['plan'] as Record<string, { table: unknown }>);
    expect(table!.table).toMatchObject({ role: 'attester', duties: 32 });
  } finally {
    await rig.stop();
    await inspector.stop();
  }
});

function schedules(viewer: Viewer): unknown[] {
  return viewer.of('attester').map(({ value }) => (value as { schedule?: unknown }).schedule);
}

function statuses(viewer: Viewer, name: RegExp): string[] {
  return viewer.of(name).map(({ status }) => status);
}
