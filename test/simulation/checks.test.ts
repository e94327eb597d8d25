import { describe, expect, test } from 'vitest';
import { DEFAULT_OPTIONS } from './options.js';
import { nothingElse } from './checks/canonical.js';
import type { Check } from './checks/check.js';
import { nothingCrashes } from './checks/crashes.js';
import { neverWhileUnfit, onlyAnsweredDuties, onlyMembers } from './checks/hand-over.js';
import { boundedRequests, exactRequests, nothingRefused } from './checks/requests.js';
import { exactActors, flatHeap } from './checks/resources.js';
import { BeaconNodeError } from '../../machines/ports.js';
import type { WatchedRequest } from './watched-node.js';
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
      look.dutiesAnswered!(
        { role: 'attester', epoch: 0, validators: 2 },
        { dependentRoot: null, endpointVersion: 1, columns },
      );
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
    world.life = { liveActors: () => [], stop: () => undefined };
    const here = world.chain.committees(0).committee(3, 0)[0]!;
    look.handedOver!({ ...handOver, validator: here });
    const elsewhere = world.chain.committees(0).committee(4, 0)[0]!;
    look.handedOver!({ ...handOver, validator: elsewhere });
    look.slotEnds!(3);
  });
  expect(seen).toHaveLength(1);
});

/** The requests of a quiet epoch 5, which is the first of its period's last two but one; `change` spoils them. */
function askQuietly(look: Observer, world: World, change: (slot: number) => void): void {
  const duties = (role: 'attester' | 'proposer' | 'sync-committee', epoch: number, validators: number) => {
    const method = ({ attester: 'getAttesterDuties', proposer: 'getProposerDuties' } as const)[role as 'attester'];
    look.requested!({ method: method ?? 'getSyncCommitteeDuties', duties: { role, epoch, validators } });
  };
  // Heads are heard.
  const stream = { opened() {}, alive() {}, head() {}, malformed() {}, closed() {} };
  world.node.openHeadStream(stream, new AbortController().signal);
  world.startedAt = -1e9;
  for (let slot = 40; slot < 48; slot++) {
    world.clock.jump(world.startOf(slot) - world.clock.now());
    world.chain.propose(slot);
    look.requested!({ method: 'getSyncStatus' });
    look.requested!({ method: 'getAttestationData' });
    if ([40, 44, 47].includes(slot)) for (const epoch of [5, 6]) duties('attester', epoch, 1);
    if (slot === 40) {
      duties('sync-committee', 5, 24);
      look.requested!({ method: 'subscribeBeaconCommittees' });
      look.requested!({ method: 'subscribeSyncCommittees' });
    }
    if (slot === 42) look.requested!({ method: 'getValidators' });
    if (slot === 44) {
      duties('attester', 6, 24);
      duties('proposer', 6, 0);
      look.requested!({ method: 'subscribeBeaconCommittees' });
    }
    change(slot);
    look.slotEnds!(slot);
  }
}

describe('in a quiet epoch', () => {
  const seen = (change: (look: Observer, world: World, slot: number) => void) => {
    const quiet = { counted: 0 };
    const violations = seenBy(exactRequests(quiet), (look, world) => {
      world.life = { liveActors: () => [], stop: () => undefined };
      askQuietly(look, world, (slot) => change(look, world, slot));
    });
    return { counted: quiet.counted, violations };
  };

  test('what is needed is asked once', () => {
    expect(seen(() => undefined)).toEqual({ counted: 1, violations: [] });
  });

  test('one request too many is seen', () => {
    const twice = seen((look, _world, slot) => slot === 45 && look.requested!({ method: 'getValidators' }));
    expect(twice.violations).toEqual(['in the quiet epoch 5: 2 × getValidators, not 1']);
    const again = { method: 'getAttesterDuties', duties: { role: 'attester', epoch: 6, validators: 24 } } as const;
    const table = seen((look, _world, slot) => slot === 46 && look.requested!(again));
    expect(table.violations).toEqual(['in the quiet epoch 5: 2 × table attester 6, not 1']);
    const data = seen((look, _world, slot) => slot === 46 && look.requested!({ method: 'getAttestationData' }));
    expect(data.violations).toEqual(['in the quiet epoch 5: 2 × data getAttestationData 46, not 0']);
  });

  test('one that is missing is seen', () => {
    const { violations } = seen((look, world, slot) => {
      if (slot === 40) world.membership.remove(world.membership.get(world.chain.syncCommittee(1)[0]!)!);
      if (slot === 47) for (const member of world.membership.active()) world.membership.remove(member);
      void look;
    });
    // Nobody is left to be subscribed for.
    expect(violations).toEqual(['in the quiet epoch 5: 1 × subscribeSyncCommittees, not 0']);
  });

  test('the table of a single validator is asked for like a probe', () => {
    const { violations } = seen((look, world, slot) => {
      if (slot !== 47) return;
      for (const member of world.membership.active().slice(1)) world.membership.remove(member);
      look.requested!({ method: 'getAttesterDuties', duties: { role: 'attester', epoch: 6, validators: 1 } });
    });
    // The world asked as for many, too; what a single one needs is all there.
    expect(violations).toEqual([
      'in the quiet epoch 5: 1 × subscribeSyncCommittees, not 0; 1 × table attester 6, not 0',
    ]);
  });

  test('a disturbance makes it another', () => {
    expect(seen((_look, world, slot) => slot === 42 && world.disturb('requests')).counted).toBe(0);
    expect(seen((_look, world, slot) => slot === 42 && world.disturb(3)).counted).toBe(0);
  });
});

test('a refusal that the scheduler has earned is seen', () => {
  const refusal = (status: number, message: string, method: WatchedRequest['method'] = 'getAttesterDuties') => ({
    method,
    from: 0,
    to: 20,
    error: new BeaconNodeError('http', message, status),
  });
  const seen = seenBy(nothingRefused, (look, world) => {
    look.requestEnded!(refusal(500, 'injected: HTTP 500'));
    look.requestEnded!(refusal(404, 'getProposerDuties: HTTP 404', 'getProposerDuties'));
    look.requestEnded!(refusal(400, 'getAttesterDuties: HTTP 400: No validator to get attester duties'));
    look.requestEnded!(refusal(503, 'Node is syncing'));
    world.disturbances.add('unfit', 10, 30);
    look.requestEnded!(refusal(503, 'Node is syncing'));
    look.requestEnded!(refusal(500, 'validatorIndex 99 too high'));
  });
  expect(seen).toEqual([
    'getAttesterDuties: HTTP 400: No validator to get attester duties',
    'Node is syncing',
    'validatorIndex 99 too high',
  ]);
});

describe('without bound', () => {
  test('requests are seen', () => {
    const ask = (times: number) => (look: Observer) => {
      for (let i = 0; i < times; i++) look.requested!({ method: 'getAttesterDuties' });
      look.slotEnds!(7);
    };
    expect(seenBy(boundedRequests, ask(248))).toEqual([]);
    expect(seenBy(boundedRequests, ask(249))).toHaveLength(1);
  });

  const lasting = [
    ...['validators', 'validator-source', 'beacon-node-1', 'slot-clock', 'attester', 'proposer', 'sync-committee'],
    ...['subscriptions-1', 'subscriptions-1', 'subscriptions-1'],
  ];

  test.each([
    ['those that last', [], 0],
    ['a batch in its time', ['attester-5', 'hand-over'], 0],
    ['a batch that is over', ['proposer-5', 'hand-over'], 1],
    ['a request that nobody ended', ['request'], 1],
    ['two of a kind', ['attester'], 1],
  ])('actors are seen: %s', (_what, ids, violations) => {
    const seen = seenBy(exactActors, (look, world) => {
      world.life = { liveActors: () => [...lasting, ...ids], stop: () => undefined };
      world.clock.jump(world.startOf(9) - 1 - world.clock.now());
      look.slotEnds!(8);
    });
    expect(seen).toHaveLength(violations);
  });

  test('timers are seen', () => {
    const seen = seenBy(exactActors, (look, world) => {
      world.life = { liveActors: () => lasting, stop: () => undefined };
      for (let i = 0; i < 41; i++) world.clock.setTimeout(() => undefined, 1);
      look.slotEnds!(8);
    });
    expect(seen).toHaveLength(1);
  });

  const meter = (bytes: (epoch: number) => number) =>
    seenBy(
      (world, violate) => {
        let epoch = 50;
        return flatHeap(() => bytes((epoch += 25)))(world, violate);
      },
      (look) => {
        for (let epoch = 1; epoch <= 250; epoch++) look.slotEnds!(8 * epoch - 1);
      },
    );

  test('the heap is seen', () => {
    expect(meter(() => 50e6)).toEqual([]);
    expect(meter((epoch) => 50e6 + 17e3 * epoch)).toEqual([]);
    expect(meter((epoch) => 50e6 + 18e3 * epoch)).toHaveLength(1);
  });
});
