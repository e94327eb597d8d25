import { describe, expect, test } from 'vitest';
import { DEFAULT_OPTIONS } from './options.js';
import { nothingElse } from './checks/canonical.js';
import type { Check } from './checks/check.js';
import { nothingCrashes } from './checks/crashes.js';
import { neverWhileUnfit, onlyAnsweredDuties, onlyMembers } from './checks/hand-over.js';
import { boundedActors, boundedHeap, boundedRequests } from './checks/resources.js';
import { World, type HandOver, type Observer } from './world.js';

/** A check alone, on a world that stands still: what it sees is told by hand. */
function seenBy(check: Check, happen: (look: Observer, world: World) => void): string[] {
  const world = new World(DEFAULT_OPTIONS);
  const violations: string[] = [];
  const look = check(world, (what) => violations.push(what));
  happen(look, world);
  return violations;
}

const handOver: HandOver = { kind: 'attester', slot: 3, epoch: 0, validator: 1, trigger: 'head', at: 0 };

test('a crash is seen', () => {
  expect(seenBy(nothingCrashes, (look) => look.crashed!('attester: the role crashed'))).toEqual([
    'attester: the role crashed',
  ]);
});

describe('a hand-over', () => {
  test('of a validator that has left is seen', () => {
    const seen = seenBy(onlyMembers, (look, { membership }) => {
      look.handedOver!(handOver);
      membership.liquidate(membership.get(1)!);
      look.handedOver!(handOver);
      membership.reactivate(membership.get(1)!, 4);
      look.handedOver!(handOver);
      membership.remove(membership.get(1)!);
      look.handedOver!(handOver);
    });
    expect(seen).toEqual([
      'attester 3 1: the validator has left',
      'attester 3 1: the validator came in slot 4',
      'attester 3 1: the validator has left',
    ]);
  });

  test('while the node was known unfit is seen', () => {
    const seen = seenBy(neverWhileUnfit, (look, world) => {
      look.handedOver!({ ...handOver, at: 7 });
      world.unfitSince = 5;
      look.handedOver!({ ...handOver, at: 5 });
      look.handedOver!({ ...handOver, at: 7 });
    });
    expect(seen).toEqual(['attester 3 1: the node has been unfit for 2 ms']);
  });

  test('of a duty that no answer of this life contained is seen', () => {
    const columns = { validator: Uint32Array.of(1), slot: Uint32Array.of(3), fields: {} };
    const seen = seenBy(onlyAnsweredDuties, (look) => {
      look.dutiesAnswered!('attester', 0, { dependentRoot: null, endpointVersion: 1, columns });
      look.handedOver!(handOver);
      look.handedOver!({ ...handOver, slot: 4 });
      look.handedOver!({ ...handOver, kind: 'sync-committee' });
      look.lifeEnded!();
      look.handedOver!(handOver);
    });
    expect(seen).toHaveLength(3);
  });
});

test('a duty that is not canonical is seen in calm', () => {
  const seen = seenBy(nothingElse, (look, world) => {
    world.life = { liveActors: () => 0, stop: () => undefined };
    const here = world.chain.committees(0).committee(3, 0)[0]!;
    look.handedOver!({ ...handOver, validator: here });
    const elsewhere = world.chain.committees(0).committee(4, 0)[0]!;
    look.handedOver!({ ...handOver, validator: elsewhere });
    look.slotEnds!(3);
  });
  expect(seen).toHaveLength(1);
});

describe('without bound', () => {
  test('requests are seen', () => {
    const ask = (times: number) => (look: Observer) => {
      for (let i = 0; i < times; i++) look.requested!('getAttesterDuties');
      look.slotEnds!(7);
    };
    expect(seenBy(boundedRequests, ask(248))).toEqual([]);
    expect(seenBy(boundedRequests, ask(249))).toHaveLength(1);
  });

  test('actors and timers are seen', () => {
    const seen = seenBy(boundedActors, (look, world) => {
      world.life = { liveActors: () => 165, stop: () => undefined };
      for (let i = 0; i < 600; i++) world.clock.setTimeout(() => undefined, 1);
      look.slotEnds!(8);
    });
    expect(seen).toHaveLength(2);
  });

  test('the heap is seen', () => {
    let bytes = 50e6;
    const seen = seenBy(
      boundedHeap(() => bytes),
      (look) => {
        look.slotEnds!(400);
        bytes += 30e6;
        look.slotEnds!(4400);
        bytes += 30e6;
        look.slotEnds!(8400);
      },
    );
    expect(seen).toHaveLength(1);
  });
});
