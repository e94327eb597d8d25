import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applySourceEvent } from '../../../machines/rules/validator-changes.js';
import { Registry } from '../../../machines/rules/registry.js';
import { ContractRegistry, HISTORY_BLOCKS } from '../../../services/ssv-contract/contract-registry.js';
import { CONTRACT_EVENTS } from '../../../services/ssv-contract/contract-types.js';
import { publicKeyOf } from './contract-log-maker.js';
import { ALICE, blockOf, BOB, contentOf, happened, rangeOf, type Happening } from './registry-events.js';

const OTHERS = [5, 6, 7, 8];
const key = publicKeyOf;
const committee = [1, 2, 3, 4];

function registryAfter(...blocks: Happening[][]): ContractRegistry {
  const registry = new ContractRegistry(1);
  blocks.forEach((happenings, i) => registry.apply(rangeOf(i + 1, happenings)));
  return registry;
}

describe('events of the contract', () => {
  it('come out in order, neighbours of one kind together', () => {
    const registry = new ContractRegistry(1);
    const { events, refusals } = registry.apply(
      rangeOf(1, [
        happened('ValidatorAdded', 1),
        happened('ValidatorAdded', 2),
        happened('ClusterLiquidated'),
        happened('ValidatorExited', 2),
        happened('ValidatorRemoved', 1),
        happened('ClusterReactivated'),
        happened('ValidatorAdded', 1),
      ]),
    );
    const added = (number: number) => ({ id: key(number), liquidated: false, eventSlot: 10, committee });
    expect(events).toEqual([
      { type: 'VALIDATOR_ADDED', validators: [added(1), added(2)] },
      { type: 'CLUSTER_LIQUIDATED', ids: [key(1), key(2)] },
      { type: 'VALIDATOR_EXITED', ids: [key(2)] },
      { type: 'VALIDATOR_REMOVED', ids: [key(1)] },
      { type: 'CLUSTER_REACTIVATED', ids: [key(2)], eventSlot: 10 },
      { type: 'VALIDATOR_ADDED', validators: [added(1)] },
    ]);
    expect(refusals).toEqual([]);
  });

  it('are of our operator only, or of all without one', () => {
    const happenings = [
      happened('ValidatorAdded', 1),
      happened('ValidatorAdded', 2, OTHERS),
      happened('ClusterLiquidated', undefined, OTHERS),
      happened('ClusterReactivated', undefined, OTHERS),
      happened('ValidatorExited', 2, OTHERS),
      happened('ValidatorRemoved', 2, OTHERS),
    ];
    expect(new ContractRegistry(1).apply(rangeOf(1, happenings)).events.map(({ type }) => type)).toEqual([
      'VALIDATOR_ADDED',
    ]);
    expect(new ContractRegistry().apply(rangeOf(1, happenings)).events).toHaveLength(5);
    expect(
      registryAfter([happenings[0]!, happenings[1]!])
        .known()
        .map(({ id }) => id),
    ).toEqual([key(1)]);
  });

  it('liquidate what is added later too, until the cluster is reactivated', () => {
    const registry = registryAfter(
      [happened('ClusterLiquidated')],
      [happened('ValidatorAdded', 1)],
      [happened('ClusterReactivated')],
    );
    registry.rollBackTo(blockOf(2));
    expect(registry.known()).toEqual([{ id: key(1), liquidated: true, eventSlot: 20, committee }]);
    const { events } = registry.apply(rangeOf(4, [happened('ClusterReactivated')]));
    expect(events).toEqual([{ type: 'CLUSTER_REACTIVATED', ids: [key(1)], eventSlot: 40 }]);
    expect(registry.known()).toEqual([{ id: key(1), liquidated: false, eventSlot: 40, committee }]);
    expect(registry.apply(rangeOf(5, [happened('ValidatorAdded', 2)])).events).toMatchObject([
      { validators: [{ id: key(2), liquidated: false, eventSlot: 50 }] },
    ]);
  });

  it('touch only the cluster of that owner and those operators', () => {
    const registry = registryAfter([happened('ValidatorAdded', 1), happened('ValidatorAdded', 2, [1, 2, 3, 5])]);
    const others = [happened('ClusterLiquidated', undefined, committee, BOB), happened('ClusterLiquidated', 0, OTHERS)];
    expect(registry.apply(rangeOf(2, others)).events).toEqual([]);
    expect(registry.apply(rangeOf(3, [happened('ClusterLiquidated', 0, [1, 2, 3, 5])])).events).toEqual([
      { type: 'CLUSTER_LIQUIDATED', ids: [key(2)] },
    ]);
  });

  it('say nothing a second time', () => {
    const registry = registryAfter([happened('ValidatorAdded', 1), happened('ClusterReactivated')]);
    expect(registry.apply(rangeOf(2, [happened('ClusterReactivated')])).events).toEqual([]);
    expect(registry.apply(rangeOf(3, [happened('ClusterLiquidated')])).events).toHaveLength(1);
    expect(registry.apply(rangeOf(4, [happened('ClusterLiquidated')])).events).toEqual([]);
  });

  it('of different slots stay apart', () => {
    const all = new ContractRegistry();
    all.apply(
      rangeOf(1, [
        happened('ValidatorAdded', 1),
        happened('ClusterLiquidated'),
        happened('ValidatorAdded', 2, OTHERS, BOB),
        happened('ClusterLiquidated', undefined, OTHERS, BOB),
      ]),
    );
    const later = rangeOf(3, [happened('ClusterReactivated', undefined, OTHERS, BOB)]);
    const { blocks } = rangeOf(2, [happened('ClusterReactivated')]);
    expect(all.apply({ ...later, blocks: [...blocks, ...later.blocks] }).events).toEqual([
      { type: 'CLUSTER_REACTIVATED', ids: [key(1)], eventSlot: 20 },
      { type: 'CLUSTER_REACTIVATED', ids: [key(2)], eventSlot: 30 },
    ]);
  });

  it('carry no slot where the block has none, as in old history', () => {
    const registry = new ContractRegistry();
    const { blocks, through } = rangeOf(1, [happened('ValidatorAdded', 1)]);
    registry.apply({ blocks: blocks.map((block) => ({ ...block, slot: undefined })), through });
    expect(registry.known()).toEqual([{ id: key(1), liquidated: false, committee }]);
  });

  it('share one array per committee', () => {
    const ids = () => [...committee];
    const registry = registryAfter([happened('ValidatorAdded', 1, ids()), happened('ValidatorAdded', 2, ids(), BOB)]);
    const [first, second] = registry.known();
    expect(first!.committee).toBe(second!.committee);
  });
});

describe('what makes no sense', () => {
  const refusal = (number: number, happening: Happening, before: Happening[]) => {
    const registry = registryAfter(before);
    const content = registry.known();
    const { events, refusals } = registry.apply(rangeOf(number, [happening, happened('ValidatorAdded', 99)]));
    expect(events).toMatchObject([{ type: 'VALIDATOR_ADDED', validators: [{ id: key(99) }] }]);
    expect(registry.known().slice(0, content.length)).toEqual(content);
    expect(refusals).toMatchObject([{ event: happening.type, blockNumber: number, logIndex: 0 }]);
    expect(refusals[0]!.transactionHash).toMatch(/^0x0+$/);
    return refusals[0]!.reason;
  };
  const added = [happened('ValidatorAdded', 1)];

  it('is refused, and the block goes on', () => {
    expect(refusal(2, happened('ValidatorAdded', 1, OTHERS, BOB), added)).toBe('other-owner');
    expect(refusal(2, happened('ValidatorRemoved', 1, OTHERS, BOB), added)).toBe('other-owner');
    expect(refusal(2, happened('ValidatorRemoved', 1, committee, BOB), added)).toBe('other-owner');
    expect(refusal(2, happened('ValidatorExited', 1, committee, BOB), added)).toBe('other-owner');
    expect(refusal(2, happened('ValidatorAdded', 1, OTHERS), added)).toBe('known-validator');
    expect(refusal(2, happened('ValidatorRemoved', 2), added)).toBe('unknown-validator');
    expect(refusal(2, happened('ValidatorExited', 2), added)).toBe('unknown-validator');
  });

  it('a key registered first in a cluster of others is theirs', () => {
    expect(refusal(2, happened('ValidatorAdded', 1), [happened('ValidatorAdded', 1, OTHERS, BOB)])).toBe('other-owner');
  });

  it('a removed key is free for anyone again', () => {
    const registry = registryAfter([...added, happened('ValidatorRemoved', 1)]);
    const { events, refusals } = registry.apply(rangeOf(2, [happened('ValidatorAdded', 1, committee, BOB)]));
    expect([events.length, refusals.length]).toEqual([1, 0]);
  });

  it('a range that does not follow the cursor is an error of the caller', () => {
    const registry = registryAfter([], added);
    const content = contentOf(registry);
    expect(() => registry.apply(rangeOf(2, []))).toThrow(RangeError);
    expect(() => registry.apply(rangeOf(2, [happened('ValidatorAdded', 2)], 3))).toThrow(RangeError);
    expect(() => registry.apply(rangeOf(4, [happened('ValidatorAdded', 2)], 3))).toThrow(RangeError);
    const { blocks } = rangeOf(3, [happened('ValidatorAdded', 2)]);
    expect(() => registry.apply({ blocks, through: blockOf(3, 'b') })).toThrow(RangeError);
    expect(() => registry.apply({ blocks: [...blocks, ...blocks], through: blockOf(9) })).toThrow(RangeError);
    expect(contentOf(registry)).toEqual(content);
  });
});

describe('a re-org', () => {
  it('takes back what lay between, and tells it', () => {
    const registry = registryAfter(
      [happened('ValidatorAdded', 1), happened('ValidatorAdded', 2), happened('ValidatorAdded', 3, [1, 2, 3, 5])],
      [happened('ClusterLiquidated', undefined, [1, 2, 3, 5])],
    );
    registry.apply(rangeOf(3, [happened('ValidatorAdded', 4), happened('ValidatorRemoved', 1)]));
    registry.apply(rangeOf(4, [happened('ClusterLiquidated')]));
    registry.apply(rangeOf(5, [happened('ClusterReactivated', undefined, [1, 2, 3, 5])], 8));
    registry.apply(rangeOf(9, []));
    expect(registry.rollBackTo(blockOf(2))).toEqual([
      { type: 'VALIDATOR_REMOVED', ids: [key(4)] },
      { type: 'CLUSTER_LIQUIDATED', ids: [key(3)] },
      { type: 'CLUSTER_REACTIVATED', ids: [key(2)], eventSlot: 10 },
      { type: 'VALIDATOR_ADDED', validators: [{ id: key(1), liquidated: false, eventSlot: 10, committee }] },
    ]);
    expect(registry.cursor).toMatchObject(blockOf(2));
  });

  it('a key that changed its cluster leaves the one and joins the other', () => {
    const registry = registryAfter([happened('ValidatorAdded', 1)]);
    registry.apply(rangeOf(2, [happened('ValidatorRemoved', 1), happened('ValidatorAdded', 1, [1, 5, 6, 7])]));
    expect(registry.rollBackTo(blockOf(1))).toEqual([
      { type: 'VALIDATOR_REMOVED', ids: [key(1)] },
      { type: 'VALIDATOR_ADDED', validators: [{ id: key(1), liquidated: false, eventSlot: 10, committee }] },
    ]);
  });

  it('brings back a validator of unknown age as one that was there from the beginning', () => {
    const registry = new ContractRegistry();
    const { blocks, through } = rangeOf(1, [happened('ValidatorAdded', 1)]);
    registry.apply({ blocks: blocks.map((block) => ({ ...block, slot: undefined })), through });
    registry.apply(rangeOf(2, [happened('ValidatorRemoved', 1)]));
    expect(registry.rollBackTo(blockOf(1))).toMatchObject([{ validators: [{ id: key(1), eventSlot: 0 }] }]);
  });

  it('goes to one of the points only', () => {
    const registry = registryAfter([], [happened('ValidatorAdded', 1)]);
    expect(() => registry.rollBackTo(blockOf(1, 'b'))).toThrow(RangeError);
    expect(() => registry.rollBackTo(blockOf(0))).toThrow(RangeError);
    expect(registry.rollBackTo(blockOf(2))).toEqual([]);
    expect(registry.known()).toHaveLength(1);
  });

  it('reaches as far as the history, which ends so far behind the head', () => {
    const registry = new ContractRegistry();
    const head = HISTORY_BLOCKS + 3;
    for (let number = 1; number <= 5; number++)
      registry.apply(rangeOf(number, [happened('ValidatorAdded', number)]), head);
    expect(registry.points.map(({ number }) => number)).toEqual([3, 4, 5]);
    expect(registry.points.map(({ undo }) => undo?.validators.size)).toEqual([undefined, 1, 1]);
    expect(registry.isWhole).toBe(false);
    registry.rollBackTo(blockOf(3));
    expect(registry.known().map(({ id }) => id)).toEqual([key(1), key(2), key(3)]);
    registry.apply(rangeOf(head + 9, [], head + HISTORY_BLOCKS));
    expect(registry.points.map(({ number }) => number)).toEqual([3, head + HISTORY_BLOCKS]);
    registry.apply(rangeOf(head + 2 * HISTORY_BLOCKS, []));
    expect(registry.points.map(({ number }) => number)).toEqual([head + HISTORY_BLOCKS, head + 2 * HISTORY_BLOCKS]);
  });

  it('may leave nothing at all', () => {
    const registry = registryAfter([happened('ValidatorAdded', 1), happened('ClusterLiquidated', 0, OTHERS)]);
    expect(registry.isWhole).toBe(true);
    expect(registry.reset()).toEqual([{ type: 'VALIDATOR_REMOVED', ids: [key(1)] }]);
    expect(contentOf(registry)).toEqual(contentOf(new ContractRegistry(1)));
    registry.apply(rangeOf(1, [happened('ValidatorAdded', 1)]));
    expect(registry.known()).toHaveLength(1);
  });
});

describe('any history', () => {
  const happening = fc.record({
    type: fc.constantFrom(...CONTRACT_EVENTS),
    owner: fc.constantFrom(ALICE, BOB),
    ids: fc.constantFrom(committee, [1, 2, 3, 5], OTHERS),
    key: fc.integer({ min: 1, max: 5 }),
  });
  const blocks = fc.array(fc.array(happening, { maxLength: 6 }), { minLength: 1, maxLength: 12 });
  const operator = fc.constantFrom(undefined, 1, 5);

  it('undone to any point is what it was there', () => {
    fc.assert(
      fc.property(blocks, operator, fc.nat(), (history, operatorId, somewhere) => {
        const registry = new ContractRegistry(operatorId);
        const contents = history.map((happenings, i) => {
          registry.apply(rangeOf(i + 1, happenings));
          return contentOf(registry);
        });
        for (let place = somewhere % history.length; place >= 0; place -= 2) {
          registry.rollBackTo(blockOf(place + 1));
          expect(contentOf(registry)).toEqual(contents[place]);
        }
      }),
    );
  });

  it('told event by event, back and forth, is what the scheduler knows', () => {
    const steps = fc.array(fc.record({ back: fc.option(fc.nat(), { freq: 3 }), block: fc.array(happening) }), {
      maxLength: 15,
    });
    fc.assert(
      fc.property(steps, operator, (all, operatorId) => {
        const registry = new ContractRegistry(operatorId);
        let scheduler = Registry.EMPTY;
        all.forEach(({ back, block }, i) => {
          const { points } = registry;
          const events =
            back === null || points.length === 0
              ? registry.apply(rangeOf(i + 1, block, i + 1, `step ${i} `)).events
              : registry.rollBackTo(points[back % points.length]!);
          for (const event of events) scheduler = applySourceEvent(scheduler, event, 1000).registry;
          const known = registry.known().map(({ id, liquidated, committee }) => ({ id, liquidated, committee }));
          const told = [...scheduler.values()].map(({ id, liquidated, committee }) => ({ id, liquidated, committee }));
          const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);
          expect(told.sort(byId)).toEqual(known.sort(byId));
        });
      }),
    );
  });
});
