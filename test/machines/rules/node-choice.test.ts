import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterStatus, NODE_NOT_MET, rankNodes, type NodeStanding } from '../../../machines/rules/node-choice.js';

const AT = { slot: 100, epoch: 12 };
const good: NodeStanding = { joined: true, unfit: undefined, silences: 0, goodSince: 0, inconsistentIn: undefined };

describe('the order in which nodes are asked', () => {
  it('is the order of preference while all are good', () => {
    expect(rankNodes([good, good, good], 0, AT)).toEqual([0, 1, 2]);
  });

  it.each<[string, Partial<NodeStanding>]>([
    ['is syncing', { unfit: 'node-syncing', goodSince: undefined }],
    ['cannot be reached', { unfit: 'node-unreachable', goodSince: undefined }],
    ['left two status requests without an answer', { silences: 2, goodSince: undefined }],
    ['contradicts its own heads in this epoch', { inconsistentIn: 12 }],
    ['was not met yet', NODE_NOT_MET],
  ])('the leader steps back when it %s', (_, trouble) => {
    expect(rankNodes([{ ...good, ...trouble }, good], 0, AT)[0]).toBe(1);
  });

  it('one slow status answer, or an inconsistency of an earlier epoch, costs no lead', () => {
    expect(rankNodes([{ ...good, silences: 1 }, good], 0, AT)[0]).toBe(0);
    expect(rankNodes([{ ...good, inconsistentIn: 11 }, good], 0, AT)[0]).toBe(0);
  });

  it('a preferred node that was away leads again after eight good slots, not before', () => {
    expect(rankNodes([{ ...good, goodSince: 93 }, good], 1, AT)).toEqual([1, 0]);
    expect(rankNodes([{ ...good, goodSince: 92 }, good], 1, AT)).toEqual([0, 1]);
  });

  it('a node less preferred does not take the lead of a good one', () => {
    expect(rankNodes([good, good], 1, AT)[0]).toBe(0);
    expect(rankNodes([{ ...good, goodSince: 99 }, good, good], 0, AT)[0]).toBe(0);
  });

  it('the first node that is met leads at once', () => {
    expect(rankNodes([NODE_NOT_MET, { ...good, goodSince: 100 }], undefined, AT)).toEqual([1, 0]);
  });

  it('with nobody fit, a node that can be reached comes before one that cannot', () => {
    const lost: NodeStanding = { ...good, unfit: 'node-unreachable', goodSince: undefined };
    const syncing: NodeStanding = { ...good, unfit: 'node-syncing', goodSince: undefined };
    expect(rankNodes([lost, syncing, NODE_NOT_MET], 0, AT)).toEqual([1, 0, 2]);
  });

  it('names every node once, and keeps to its order when asked again', () => {
    const standing = fc.record<NodeStanding>({
      joined: fc.boolean(),
      unfit: fc.constantFrom(undefined, 'node-syncing' as const, 'node-unreachable' as const),
      silences: fc.nat(3),
      goodSince: fc.option(fc.integer({ min: 80, max: 100 }), { nil: undefined }),
      inconsistentIn: fc.option(fc.integer({ min: 11, max: 12 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(standing, { minLength: 1, maxLength: 5 }), fc.nat(4), (standings, leader) => {
        const order = rankNodes(standings, leader % standings.length, AT);
        expect([...order].sort()).toEqual(standings.map((_, number) => number));
        expect(rankNodes(standings, order[0], AT)).toEqual(order);
      }),
    );
  });
});

describe('what a status request shows', () => {
  it('counts silences until the node answers', () => {
    const once = afterStatus(good, { slot: 5, answered: false, unfit: undefined });
    const twice = afterStatus(once, { slot: 6, answered: false, unfit: undefined });
    expect([once.silences, once.goodSince]).toEqual([1, 0]);
    expect([twice.silences, twice.goodSince]).toEqual([2, undefined]);
    expect(afterStatus(twice, { slot: 7, answered: true, unfit: undefined })).toEqual({ ...good, goodSince: 7 });
  });

  it('a node that is unfit is good again only from the slot in which it is fit', () => {
    const unfit = afterStatus(good, { slot: 5, answered: true, unfit: 'node-optimistic' });
    expect(unfit.goodSince).toBeUndefined();
    expect(afterStatus(unfit, { slot: 9, answered: true, unfit: undefined }).goodSince).toBe(9);
  });
});
