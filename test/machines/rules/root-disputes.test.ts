import { describe, expect, it } from 'vitest';
import { NO_ROOT_DISPUTES } from '../../../machines/rules/root-disputes.js';
import { root } from '../../support/chain.js';

const required = root(1);
const received = root(2);

describe('the loop guard of a table (SPEC §5)', () => {
  it('lets a pair be refetched once per slot', () => {
    const none = NO_ROOT_DISPUTES;
    expect(none.mayRefetch(required, received, 10)).toBe(true);
    const refetched = none.refetching(required, received, 10);
    expect([9, 10, 11].map((slot) => refetched.mayRefetch(required, received, slot))).toEqual([false, false, true]);
    const again = refetched.refetching(required, received, 11);
    expect([11, 12].map((slot) => again.mayRefetch(required, received, slot))).toEqual([false, true]);
  });

  it('tells pairs apart by both roots and their order', () => {
    const refetched = NO_ROOT_DISPUTES.refetching(required, received, 10);
    expect(refetched.mayRefetch(received, required, 10)).toBe(true);
    expect(refetched.mayRefetch(required, root(3), 10)).toBe(true);
    expect(refetched.mayRefetch(root(3), received, 10)).toBe(true);
    expect(refetched.mayRefetch(required, null, 10)).toBe(true);
  });

  it('knows a pair from its first refetch on', () => {
    expect(NO_ROOT_DISPUTES.isKnown(required, received)).toBe(false);
    const refetched = NO_ROOT_DISPUTES.refetching(required, received, 10);
    expect(refetched.isKnown(required, received)).toBe(true);
    expect([refetched.isKnown(received, required), refetched.isKnown(required, null)]).toEqual([false, false]);
  });

  it('keeps several pairs at once', () => {
    let disputes = NO_ROOT_DISPUTES;
    for (let n = 0; n < 10; n++) disputes = disputes.refetching(root(100 + n), received, 10);
    for (let n = 0; n < 10; n++) expect(disputes.mayRefetch(root(100 + n), received, 10)).toBe(false);
  });

  it('is bounded: the oldest of very many pairs goes', () => {
    let disputes = NO_ROOT_DISPUTES;
    for (let n = 0; n < 40; n++) disputes = disputes.refetching(root(100 + n), received, 10);
    const open = Array.from({ length: 40 }, (_, n) => disputes.mayRefetch(root(100 + n), received, 10));
    expect(open.filter((free) => !free).length).toBe(16);
    expect(open.slice(-16)).not.toContain(true);
  });

  it('never refetches a settled pair again', () => {
    const settled = NO_ROOT_DISPUTES.refetching(required, received, 10).settle(required, received);
    expect([10, 11, 1_000_000].map((slot) => settled.mayRefetch(required, received, slot))).toEqual([
      false,
      false,
      false,
    ]);
    expect(settled.mayRefetch(root(3), received, 11)).toBe(true);
  });

  it('a node that lags behind its own heads stays open: its root was right before', () => {
    const lagging = NO_ROOT_DISPUTES.confirm(received).refetching(required, received, 10).settle(required, received);
    expect([10, 11].map((slot) => lagging.mayRefetch(required, received, slot))).toEqual([false, true]);
  });

  it('a confirmation of another root does not keep a pair open', () => {
    const settled = NO_ROOT_DISPUTES.confirm(root(7)).refetching(required, received, 10).settle(required, received);
    expect(settled.mayRefetch(required, received, 11)).toBe(false);
  });

  it('is not changed by what is derived from it', () => {
    NO_ROOT_DISPUTES.refetching(required, received, 10).settle(required, received);
    expect(NO_ROOT_DISPUTES.mayRefetch(required, received, 10)).toBe(true);
  });
});
