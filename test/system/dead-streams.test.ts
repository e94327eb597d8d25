import { afterEach, describe, expect, test } from 'vitest';
import { BeaconNodeError, type HeadStreamListener } from '../../machines/ports.js';
import { createScriptedRig, type ScriptedRig } from '../support/scripted-rig.js';
import { root } from '../support/scripted-node.js';

// SPEC §5 and §6 while no event stream lives. Slots of 12 s, 8 an epoch; validator 1 has a duty in every slot.
const SLOT_MS = 12_000;
const GENESIS_MS = 1_700_000_000_000;
const [FIRST, LAST] = [9, 21];
const SPEC_DUE_MS = 3999;

let rig: ScriptedRig;
afterEach(() => rig.stop());

/** What becomes of a stream when it is opened; ms in which that was. */
type Opening = (listener: HeadStreamListener) => void;

const closed = (error: BeaconNodeError): Opening => {
  // As over a wire: not in the turn in which it was opened.
  return (listener) => void rig.clock.setTimeout(() => listener.closed(error), 1);
};

async function started(opening: { now: Opening | undefined }, random = () => 0.5) {
  rig = createScriptedRig({
    scheduler: { roles: ['attester'], random },
    validators: Array.from({ length: 8 }, (_, i) => i),
  });
  for (let epoch = 0; epoch < 6; epoch++) {
    const duties = Array.from({ length: 8 }, (_, i) => [8 * epoch + i, i] as const);
    rig.node.attester.set(epoch, { root: root(0x10 + epoch), duties });
  }
  const openings: number[] = [];
  const probes: number[] = [];
  const { getAttesterDuties } = rig.node;
  const openHeadStream = rig.node.openHeadStream.bind(rig.node);
  const ms = () => rig.clock.now() - GENESIS_MS;
  rig.node.getAttesterDuties = (epoch, indices, signal) => {
    // Two epochs are asked about each time.
    if (indices.length === 1 && epoch === Math.floor(ms() / SLOT_MS / 8)) probes.push(Math.floor(ms() / SLOT_MS));
    return getAttesterDuties.call(rig.node, epoch, indices, signal);
  };
  rig.node.openHeadStream = (listener, signal) => {
    openings.push(ms());
    if (opening.now === undefined) openHeadStream(listener, signal);
    else opening.now(listener);
  };
  await rig.startAt(FIRST - 1);
  return { openings, probes };
}

const dueFrom = (slot: number) =>
  rig.linesOf('duty-due').flatMap((line) => (line.role === 'attester' && line.slot >= slot ? [line] : []));

describe.each<[string, Opening]>([
  ['refused with 400', closed(new BeaconNodeError('http', 'GET /eth/v1/events: HTTP 400', 400))],
  ['refused with 503', closed(new BeaconNodeError('http', 'GET /eth/v1/events: HTTP 503', 503))],
  ['reset', closed(new BeaconNodeError('unreachable', 'GET /eth/v1/events: read ECONNRESET'))],
  ['broken off for a giant event', closed(new BeaconNodeError('schema', 'larger than 1048576 bytes'))],
  ['without headers or a byte, half-open perhaps', () => undefined],
])('a stream that is always %s', (name, opening) => {
  const isSilent = name.startsWith('without');

  test('is opened again and again, never too often and never for the last time', async () => {
    const { openings } = await started({ now: opening });
    await rig.runTo(LAST);
    const pauses = openings.slice(1).map((at, i) => at - openings[i]!);
    if (isSilent) {
      // A silence of two slots and a half is what a missed slot cannot explain.
      expect(new Set(pauses)).toEqual(new Set([2.5 * SLOT_MS]));
    } else {
      expect(pauses.slice(0, 4)).toEqual([251, 401, 641, 1025]);
      expect(Math.max(...pauses)).toBe(SLOT_MS + 1);
      expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    }
    expect(openings.at(-1)! / SLOT_MS).toBeGreaterThan(LAST - 3);
  });

  test('roots are asked for in every slot meanwhile, and duties run at their due point', async () => {
    const { probes } = await started({ now: opening });
    await rig.runTo(LAST);
    // It takes so long to find out that nothing comes.
    const from = isSilent ? FIRST + 3 : FIRST;
    const slots = Array.from({ length: LAST - from }, (_, i) => from + i);
    expect([...new Set(probes.filter((slot) => slot >= from && slot < LAST))]).toEqual(slots);
    expect(dueFrom(from)).toMatchObject(slots.map((slot) => ({ slot, trigger: 'deadline', offsetMs: SPEC_DUE_MS })));
    expect(rig.linesOf('duty-deferred')).toEqual([]);
  });

  test('is as good as new when it works again: heads trigger, and nobody asks for roots in between', async () => {
    const states: { now: Opening | undefined } = { now: opening };
    const { probes } = await started(states);
    await rig.runTo(LAST);
    states.now = undefined;
    for (let slot = LAST; slot < LAST + 9; slot++) {
      await rig.runTo(slot, 500);
      rig.node.head(slot);
    }
    await rig.runTo(LAST + 9, -1);
    const after = LAST + 3;
    expect(dueFrom(after)).toMatchObject(
      Array.from({ length: LAST + 9 - after }, (_, i) => ({ slot: after + i, trigger: 'head', offsetMs: 500 })),
    );
    // The middle, the last, the first slot of an epoch.
    expect(probes.filter((slot) => slot >= after && slot < LAST + 9)).toEqual([24, 28]);
  });
});

test('the pauses of two schedulers differ', async () => {
  const opening = closed(new BeaconNodeError('http', 'GET /eth/v1/events: HTTP 503', 503));
  const { openings: early } = await started({ now: opening }, () => 0);
  await rig.runTo(FIRST);
  await rig.stop();
  const { openings: late } = await started({ now: opening }, () => 0.999);
  await rig.runTo(FIRST);
  const pause = ([first, second]: readonly number[]) => second! - first! - 1;
  expect([pause(early), pause(late)]).toEqual([225, 275]);
});

test('comments are signs of life: a stream of nothing else is left open, and duties run at their due point', async () => {
  let listener: HeadStreamListener | undefined;
  const { openings } = await started({ now: (opened) => (listener = opened) });
  for (let slot = FIRST; slot < LAST; slot += 2) {
    listener?.alive();
    await rig.runTo(slot);
  }
  expect(openings).toHaveLength(1);
  expect(dueFrom(FIRST).every(({ trigger }) => trigger === 'deadline')).toBe(true);
});

test('a chain without blocks is no node that was away: nothing is subscribed or fetched again', async () => {
  const { openings } = await started({ now: () => undefined });
  await rig.runTo(LAST);
  expect(openings.length).toBeGreaterThan(3);
  expect(rig.linesOf('subscriptions-sent').filter(({ cause }) => cause === 'reconnect')).toEqual([]);
  expect(rig.linesOf('duties-fetched').filter(({ cause }) => cause === 'reconnect')).toEqual([]);
  expect(rig.linesOf('beacon-node')).toMatchObject([{ status: 'connected' }]);
});

test('after a break head, roots and status are asked for at once and compared: a re-org that nobody told of is seen', async () => {
  const states: { now: Opening | undefined } = { now: undefined };
  const { probes } = await started(states);
  for (let slot = FIRST; slot < 13; slot++) {
    await rig.runTo(slot, 500);
    rig.node.head(slot);
  }
  await rig.runTo(13, 1000);
  const duties = Array.from({ length: 8 }, (_, i) => [15 - i, i] as const);
  rig.node.attester.set(1, { root: root(0x51), duties });
  let asked = 0;
  const { getSyncStatus } = rig.node;
  rig.node.getSyncStatus = (signal) => {
    asked++;
    return getSyncStatus.call(rig.node, signal).then((status) => ({ ...status, headSlot: 13 }));
  };
  const before = probes.length;
  rig.node.dropStreams();
  await rig.settle();
  expect(asked).toBe(1);
  expect(probes.slice(before)).toEqual([13]);
  const notes = rig.diagnostics.map(({ message }) => message).filter((message) => message.includes('is back'));
  expect(notes).toEqual(['scripted:node is back: its head is of slot 13, the last one heard was of slot 12']);
  expect(rig.linesOf('duties-changed')).toMatchObject([{ slot: 13, role: 'attester', epoch: 1 }]);
});
