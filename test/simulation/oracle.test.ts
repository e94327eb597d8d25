import { describe, expect, test } from 'vitest';
import { roleOf } from './checks/check.js';
import { DEFAULT_OPTIONS } from './options.js';
import { demandOn, type CanonicalDuty, type Demanded } from './oracle.js';
import { SLOT_MS, World } from './world.js';

const SLOT = 10;

/** What is demanded of a duty that was shown in time, in a slot that is not calm; of an attestation unless told. */
function demandedAfter(
  happen: (world: World, slotStart: number) => void,
  dutyOf: (world: World) => CanonicalDuty = attestationOf,
): Demanded {
  const world = new World(DEFAULT_OPTIONS);
  world.life = { liveActors: () => [], stop: () => undefined };
  const duty = dutyOf(world);
  world.clock.jump(world.startOf(SLOT - 3) - world.clock.now());
  const columns = { validator: Uint32Array.of(duty.validator), slot: Uint32Array.of(SLOT), fields: {} };
  const dependentRoot = world.chain.attesterDependentRoot(1);
  const role = roleOf(duty.kind);
  world.shown.answered({ role, epoch: 1, validators: 2 }, { dependentRoot, endpointVersion: 2, columns });
  world.disturb('all', 10 * SLOT_MS);
  happen(world, world.startOf(SLOT));
  world.clock.jump(world.startOf(SLOT + 1) - 1 - world.clock.now());
  return demandOn(world, duty);
}

function attestationOf({ chain }: World): CanonicalDuty {
  return { kind: 'attester', slot: SLOT, validator: chain.committees(1).committee(SLOT, 0)[0]! };
}

/** As {@link demandedAfter} the clock was set; ms from the slot's start. */
function demandedAfterStep(from: number, to: number): Demanded {
  return demandedAfter(({ disturbances }, start) => disturbances.add('clock', start + from, start + to));
}

describe('what is demanded', () => {
  test('in a slot that the clock was set in: by its end, if enough of it is left', () => {
    expect(demandedAfterStep(-1000, -1)).toEqual({ by: 'due-time' });
    expect(demandedAfterStep(-1000, 500)).toEqual({ by: 'slot-end' });
    expect(demandedAfterStep(1000, 2000)).toEqual({ by: 'slot-end' });
    expect(demandedAfterStep(1000, SLOT_MS - 2000)).toEqual({ excuse: 'clock-jump' });
    expect(demandedAfterStep(6000, 7000)).toEqual({ by: 'due-time' });
  });

  test('of a life that has begun: whatever it was shown a slot before', () => {
    const demandedOfLifeFrom = (ms: number) => demandedAfter((world, start) => (world.startedAt = start + ms));
    expect(demandedOfLifeFrom(-SLOT_MS)).toEqual({ by: 'due-time' });
    expect(demandedOfLifeFrom(1 - SLOT_MS)).toEqual({ excuse: 'restart' });
  });

  test('of a proposal that everyone is told of, while the index of its validator is not named: nothing', () => {
    const demandedOfProposal = (happen: (world: World, slotStart: number) => void) =>
      demandedAfter(happen, (world) => ({ kind: 'proposer', slot: SLOT, validator: world.chain.proposers(1)[2]! }));
    const nameAll = (world: World) => [...world.chain.validators].forEach(({ index }) => world.shown.named(index));
    expect(demandedOfProposal(() => undefined)).toEqual({ excuse: 'not-named' });
    expect(demandedOfProposal(nameAll)).toEqual({ by: 'due-time' });
    // Where nothing is amiss there is no such excuse.
    const calmly = (world: World, start: number) => world.disturbances.forgetBefore(start + 20 * SLOT_MS);
    expect(demandedOfProposal(calmly)).toEqual({ by: 'due-time' });
  });

  test('while the node is unfit: that it is said', () => {
    const demandedWhileUnfit = (from: number, to: number) =>
      demandedAfter(({ disturbances }, start) => disturbances.add('unfit', start + from, start + to));
    expect(demandedWhileUnfit(-1000, 100)).toEqual({ by: 'slot-end' });
    expect(demandedWhileUnfit(-1000, 1000)).toEqual({ by: 'deferral' });
    expect(demandedWhileUnfit(5000, SLOT_MS)).toEqual({ by: 'due-time' });
  });
});
