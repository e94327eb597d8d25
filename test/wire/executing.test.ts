import { describe, expect, test, vi } from 'vitest';
import type { LatePolicy } from '../../machines/rules/policy.js';
import { dutiesBetween, expectExactly, handedOverBetween } from '../support/oracle.js';
import { doubles } from '../support/rig.js';
import { onWire } from '../support/wire-rig.js';

// Issue 2, "over real HTTP": slots of 1 s, 4 per epoch, 4 epochs a period; due point 333 ms.
const WAITING = ['attester', 'sync-committee'] as const;

// They mostly wait: more at once than the usual five.
vi.setConfig({ maxConcurrency: 10 });

describe.concurrent('over real HTTP', () => {
  test(
    'genesis in the future: warm up, wait, begin with slot 0',
    onWire({ chainSlot: -3 }, async (rig) => {
      await rig.scheduler.start();
      await rig.until(0, -50);
      expect(rig.handedOver).toEqual([]);
      await rig.until(4, -20);
      expectExactly(rig, 0, 3);
      expect(rig.linesOf('duty-skipped')).toMatchObject([{ slot: 0, role: 'proposer', reason: 'genesis-slot' }]);
    }),
  );

  test(
    'genesis not yet known: a JSON 404 is waited for',
    onWire({}, async (rig) => {
      rig.devnet.conditions.genesisKnown = false;
      const started = rig.scheduler.start();
      await rig.until(rig.slot() + 2);
      expect(rig.scheduler.actor).toBeUndefined();
      rig.devnet.conditions.genesisKnown = true;
      await started;
      const slot = rig.slot() + 1;
      await rig.until(slot + 1, -20);
      expectExactly(rig, slot, slot);
    }),
  );

  test(
    'start in the last slot of an epoch',
    onWire({}, async (rig) => {
      const last = rig.nextAt(3);
      await rig.until(last, 20);
      await rig.scheduler.start();
      await rig.until(last + 3, -20);
      expectExactly(rig, last, last + 2);
      expect(handedOverBetween(rig, last + 2, last + 2).every(({ trigger }) => trigger !== 'late')).toBe(true);
    }),
  );

  for (const late of ['never', 'journal', 'always'] as const satisfies readonly LatePolicy[]) {
    test(
      `start in mid-epoch with late ${late}`,
      onWire({ scheduler: { late } }, async (rig) => {
        const slot = rig.nextAt(2);
        await rig.until(slot, 400);
        await rig.scheduler.start();
        await rig.until(slot + 2, -20);
        const past = handedOverBetween(rig, 0, slot - 1);
        expect(past.every(({ kind, trigger }) => kind === 'attester' && trigger === 'late')).toBe(true);
        const skipped = rig.linesOf('duty-skipped').filter(({ reason }) => reason === 'late-not-permitted');
        if (late === 'always') {
          const ofThisEpoch = past.filter((duty) => duty.slot >= slot - 2);
          expect(ofThisEpoch.length).toBe(dutiesBetween(rig.devnet.chain, slot - 2, slot - 1, ['attester']).length);
          expect(skipped).toEqual([]);
        } else {
          expect(past).toEqual([]);
          expect(skipped.map((line) => line.slot)).toEqual([slot - 2, slot - 1]);
        }
        expectExactly(rig, slot + 1, slot + 1);
        expect(doubles(rig.handedOver, 4)).toEqual([]);
      }),
    );
  }

  test(
    'a head for another slot does not trigger; one before our tick counts at the tick',
    onWire({}, async (rig) => {
      await rig.scheduler.start();
      const slot = rig.nextAt(0);
      rig.devnet.scenario.script(slot, { kind: 'block', arrival: 1.1 }).script(slot + 1, { kind: 'missed' });
      await rig.until(slot + 2, -20);
      const triggers = (s: number) => [...new Set(handedOverBetween(rig, s, s, WAITING).map(({ trigger }) => trigger))];
      expect(triggers(slot)).toEqual(['deadline']);
      expect(triggers(slot + 1)).toEqual(['deadline']);
      // On its way well before our tick.
      await rig.until(slot + 4, -150);
      rig.devnet.chain.propose(slot + 4);
      await rig.until(slot + 5, -20);
      const early = handedOverBetween(rig, slot + 4, slot + 4, WAITING);
      expect(new Set(early.map(({ trigger }) => trigger))).toEqual(new Set(['head']));
      expect(early.every(({ offsetMs }) => offsetMs >= 0 && offsetMs < 900)).toBe(true);
      expectExactly(rig, slot, slot + 4);
    }),
  );

  test(
    'a proposer with a duty in the first slot of an epoch, and with several in one: by v2',
    onWire({ devnet: { validatorCount: 3 } }, async (rig) => {
      await rig.scheduler.start();
      const first = rig.nextAt(0);
      await rig.until(first + 4, -20);
      expectExactly(rig, first, first + 3, ['proposer']);
      expect(handedOverBetween(rig, first, first, ['proposer'])).toMatchObject([{ trigger: 'slot-start' }]);
    }),
  );

  test(
    'and by v1, where the node has no v2: late, but in its slot',
    onWire({ devnet: { validatorCount: 3 } }, async (rig) => {
      rig.devnet.conditions.servesProposerV2 = false;
      await rig.scheduler.start();
      const first = rig.nextAt(0);
      await rig.until(first + 4, -20);
      expectExactly(rig, first, first + 3, ['proposer']);
      expect(handedOverBetween(rig, first, first, ['proposer'])).toMatchObject([{ trigger: 'late' }]);
      expect(rig.server.requests.filter(({ path }) => path.includes('/eth/v2/validator/duties/proposer')).length).toBe(
        1,
      );
    }),
  );

  test(
    'an execution longer than a slot delays no other',
    onWire({ execute: () => new Promise((resolve) => setTimeout(() => resolve(undefined), 2300)) }, async (rig) => {
      await rig.scheduler.start();
      const slot = rig.nextAt(1);
      await rig.until(slot + 4, -20);
      expectExactly(rig, slot, slot + 3);
      expect(
        handedOverBetween(rig, slot, slot + 3).every(({ trigger, offsetMs }) => trigger !== 'late' && offsetMs < 900),
      ).toBe(true);
      const executed = rig.linesOf('duty-executed').filter((line) => line.slot === slot);
      expect(executed.every(({ tookMs }) => tookMs >= 2290)).toBe(true);
      expect(executed.length).toBeGreaterThan(0);
    }),
  );
});
