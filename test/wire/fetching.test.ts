import { describe, expect, test, vi } from 'vitest';
import { BeaconServer, NodeView, reorg } from '../../src/devnet/index.js';
import { RealClock } from '../../services/clock/real-clock.js';
import { expectExactly, handedOverBetween } from '../support/oracle.js';
import { onWire, type WireRig } from '../support/wire-rig.js';

// Issue 2, "over real HTTP": slots of 1 s, 4 per epoch, 4 epochs a period. How late exactly a duty starts is
// measured on the virtual clock; here, whether it waits for something that it should not wait for.
const DUTIES = /\/duties\//;

/** Every duty of some slots ran once, in its slot, and was known when the slot began. */
function expectMet(rig: WireRig, from: number, to: number) {
  expectExactly(rig, from, to);
  const late = handedOverBetween(rig, from, to).filter(({ trigger, offsetMs }) => trigger === 'late' || offsetMs > 900);
  expect(late.map(({ kind, slot, trigger, offsetMs }) => `${kind} ${slot} ${trigger} ${offsetMs}`)).toEqual([]);
}

function fetched(rig: WireRig, from: number): string[] {
  return rig
    .linesOf('duties-fetched')
    .filter((line) => line.slot >= from)
    .map((line) => `${line.role} ${'epoch' in line ? line.epoch : line.period}`);
}

// They mostly wait: more at once than the usual five.
vi.setConfig({ maxConcurrency: 10 });

describe.concurrent('over real HTTP', () => {
  test(
    'every duty of an epoch is met',
    onWire({}, async (rig) => {
      await rig.scheduler.start();
      const first = rig.nextAt(0);
      await rig.until(first + 4, -20);
      expectMet(rig, first, first + 3);
      const heads = handedOverBetween(rig, first, first + 3, ['attester']).filter(({ trigger }) => trigger === 'head');
      expect(heads.length).toBeGreaterThan(16);
    }),
  );

  test(
    'a hanging next-epoch fetch delays no execution, and its requests really end',
    onWire({}, async (rig) => {
      await rig.scheduler.start();
      const middle = rig.nextAt(2);
      await rig.until(middle, -100);
      const begin = Date.now();
      const heal = rig.server.faults.set({ match: DUTIES, action: 'hang' });
      await rig.until(middle + 2, -50);
      expectMet(rig, middle, middle + 1);
      expect(fetched(rig, middle)).toEqual([]);
      heal();
      const hung = rig.server.requests.filter(
        ({ path, at }) => path.includes('/duties/') && at >= begin && at < begin + 1000,
      );
      await rig.until(middle + 4, -20);
      // A time budget (a slot) after it was asked, each is given up: its connection closes.
      expect(hung.length).toBeGreaterThanOrEqual(2);
      expect(hung.every(({ abandoned }) => abandoned)).toBe(true);
      expectExactly(rig, middle + 2, middle + 3, ['attester', 'sync-committee']);
      expectMet(rig, middle + 3, middle + 3);
    }),
  );

  test(
    'requests that nobody waits for any more end at once when the scheduler stops',
    onWire({}, async (rig) => {
      await rig.scheduler.start();
      const middle = rig.nextAt(2);
      await rig.until(middle, -100);
      rig.server.faults.set({ match: DUTIES, action: 'hang' });
      await rig.until(middle, 400);
      const hanging = rig.server.requests
        .filter(({ path, abandoned }) => path.includes('/duties/') && !abandoned)
        .slice(-3);
      await rig.scheduler.stop();
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(hanging).toHaveLength(3);
      expect(hanging.every(({ abandoned }) => abandoned)).toBe(true);
      expect(rig.server.streamCount).toBe(0);
    }),
  );

  test(
    'a fetch that a re-org makes worthless ends its request at once, and begins anew',
    onWire({}, async (rig) => {
      await rig.scheduler.start();
      const middle = rig.nextAt(2);
      await rig.until(middle, -100);
      const begin = Date.now();
      rig.server.faults.set({ match: /\/duties\/attester/, action: 'hang' });
      await rig.until(middle, 500);
      const hanging = rig.server.requests.filter(({ path, at }) => path.includes('/duties/attester') && at >= begin);
      expect(hanging.every(({ abandoned }) => !abandoned)).toBe(true);
      reorg(rig.devnet.chain, { atSlot: middle, depth: 4 });
      // Well before the end of its time budget, which is a slot.
      await rig.until(middle, 800);
      expect(hanging.some(({ abandoned }) => abandoned)).toBe(true);
      expect(rig.linesOf('duties-fetch-cancelled').map(({ role }) => role)).toContain('attester');
      expect(rig.server.requests.filter(({ path }) => path.includes('/duties/attester')).at(-1)!.abandoned).toBe(false);
    }),
  );

  test(
    'a first fetch that fails twice is retried within the slot',
    onWire({ devnet: { slotDurationMs: 2000 } }, async (rig) => {
      rig.server.faults.set({
        match: /\/duties\/proposer/,
        times: 2,
        action: { status: 503, body: { code: 503, message: 'not now' } },
      });
      await rig.until(rig.slot() + 1, 100);
      await rig.scheduler.start();
      const slot = rig.slot();
      await rig.until(slot + 1, -100);
      const failed = rig.linesOf('duties-fetch-failed').filter((line) => line.role === 'proposer');
      expect(failed.map(({ cause }) => cause)).toEqual(['warm-up', 'retry']);
      expect(failed[0]!.error).toContain('503');
      expect(rig.linesOf('duties-fetched').find((line) => line.role === 'proposer')).toMatchObject({
        slot,
        cause: 'retry',
      });
      expect(handedOverBetween(rig, slot, slot, ['proposer'])).toMatchObject([{ trigger: 'late' }]);
    }),
  );

  test(
    'errors through the whole second half of an epoch do not lose the next',
    onWire({}, async (rig) => {
      await rig.scheduler.start();
      const middle = rig.nextAt(2);
      await rig.until(middle, -100);
      const heal = rig.server.faults.set({ match: DUTIES, action: 'reset' });
      await rig.until(middle + 2, -50);
      expect(fetched(rig, middle)).toEqual([]);
      expectMet(rig, middle, middle + 1);
      heal();
      await rig.until(middle + 6, -20);
      expectExactly(rig, middle + 2, middle + 5, ['attester', 'sync-committee']);
      expectMet(rig, middle + 3, middle + 5);
    }),
  );

  test(
    'a period boundary while the node is away: lost, connected, and the new committee runs as soon as it is back',
    onWire({ chainSlot: 8 }, async (rig) => {
      await rig.scheduler.start();
      await rig.until(9, 400);
      const { url } = rig.server;
      await rig.server.close();
      await rig.until(16, 200);
      expect(rig.linesOf('beacon-node').map(({ status }) => status)).toEqual(['connected', 'lost']);
      expect(rig.linesOf('duty-deferred').map(({ reason }) => reason)).toContain('node-unreachable');
      expect(handedOverBetween(rig, 10, 15)).toEqual([]);
      const back = new BeaconServer({
        node: new NodeView(rig.devnet.chain, rig.devnet.conditions, () => Date.now()),
        clock: new RealClock(),
        port: Number(new URL(url).port),
      });
      await back.start();
      try {
        await rig.until(19, -20);
        expect(rig.linesOf('beacon-node').map(({ status }) => status)).toEqual(['connected', 'lost', 'connected']);
        expectMet(rig, 18, 18);
        expect(
          handedOverBetween(rig, 10, 15).every(({ kind, trigger }) => kind === 'attester' && trigger === 'late'),
        ).toBe(true);
        expect(back.beaconCommitteeSubscriptions.length).toBeGreaterThan(0);
        expect(back.syncCommitteeSubscriptions.length).toBeGreaterThan(0);
        expect(back.syncCommitteeSubscriptions.every(({ untilEpoch }) => untilEpoch === 8)).toBe(true);
      } finally {
        await rig.scheduler.stop();
        await back.close();
      }
    }),
  );

  test(
    'a stream that breaks is opened again, and everything subscribed again',
    onWire({}, async (rig) => {
      await rig.scheduler.start();
      const slot = rig.nextAt(1);
      await rig.until(slot, 600);
      const streams = () => rig.server.requests.filter(({ path }) => path.startsWith('/eth/v1/events')).length;
      const before = streams();
      rig.server.dropStreams();
      await rig.until(slot + 4, -20);
      expect(streams()).toBeGreaterThan(before);
      expect(rig.server.streamCount).toBe(1);
      const sent = rig.linesOf('subscriptions-sent').filter(({ cause }) => cause === 'reconnect');
      expect(sent.map(({ kind }) => kind).toSorted()).toEqual(['beacon-committee', 'sync-committee']);
      expectMet(rig, slot + 1, slot + 3);
      expect(handedOverBetween(rig, slot + 3, slot + 3, ['attester']).map(({ trigger }) => trigger)).toContain('head');
    }),
  );

  test(
    'a node that is syncing defers, and runs late what still may when it is back',
    onWire({}, async (rig) => {
      await rig.scheduler.start();
      const slot = rig.nextAt(2);
      await rig.until(slot - 1, 600);
      rig.devnet.conditions.syncing = { isSyncing: true, syncDistance: 5 };
      await rig.until(slot + 1, 900);
      const waiting = ['attester', 'sync-committee'] as const;
      expect(handedOverBetween(rig, slot, slot + 1, waiting)).toEqual([]);
      rig.devnet.conditions.syncing = undefined;
      await rig.until(slot + 4, -20);
      expect(rig.linesOf('duty-deferred').every(({ reason }) => reason === 'node-syncing')).toBe(true);
      expectExactly(rig, slot, slot + 3, ['attester']);
      expect(handedOverBetween(rig, slot, slot + 1, ['attester']).every(({ trigger }) => trigger === 'late')).toBe(
        true,
      );
      expect(handedOverBetween(rig, slot, slot, ['sync-committee'])).toEqual([]);
      expectMet(rig, slot + 3, slot + 3);
      expect(rig.linesOf('beacon-node').map(({ status }) => status)).toEqual(['connected', 'syncing', 'synced']);
    }),
  );
});
