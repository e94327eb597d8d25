import type { ExecutionReport, ValidatorSource } from '../../../machines/ports.js';
import { slotStartMs, type Slot } from '../../../machines/rules/chain-time.js';
import { DUTY_KINDS, type DutyKind } from '../../../machines/rules/duties.js';
import { VirtualClock } from '../../clock/virtual-clock.js';
import type { Beginning } from '../../entrance/input.js';
import { LiveEntrance } from '../../entrance/live-entrance.js';
import { Replay } from '../replay.js';
import { UnreadableJournal, type DecisionLine, type JournalPart } from '../turns.js';
import type { WorldBehind } from '../replayed-scheduler.js';
import { KnownWorld } from './known-world.js';
import { supposedNode } from './supposed-node.js';
import { firstSlotOf, type Supposition } from './supposition.js';

/** A duty that ended otherwise than it did. */
export interface ChangedDuty {
  readonly kind: string;
  readonly slot: Slot;
  readonly validator: number;
  /** Of a lost one: why; `no such duty` where the tables do not have it any more. */
  readonly reason: string;
}

export interface WhatIfResult {
  readonly slots: { readonly first: Slot; readonly last: Slot };
  /** Duties met, by kind: as it was, and as it would have been. */
  readonly met: Readonly<Record<string, { readonly before: number; readonly then: number }>>;
  readonly lost: readonly ChangedDuty[];
  readonly gained: readonly ChangedDuty[];
}

/**
 * Replays a recording up to the slot in which something else is supposed to happen, and lets the machines go on from
 * there on the virtual clock, in a world made of what the rest of the recording tells. Throws an
 * {@link UnreadableJournal} where the recording does not reach that slot.
 */
export async function whatIf(parts: readonly JournalPart[], supposition: Supposition): Promise<WhatIfResult> {
  const first = firstSlotOf(supposition);
  const turns = parts.flatMap((part) => (part.part === 'turn' ? [part.turn] : []));
  const rest = turns.filter(({ slot }) => slot >= first);
  const end = rest.findIndex(({ input }) => input.of === 'start' || input.of === 'stop');
  const recorded = end < 0 ? rest : rest.slice(0, end);
  const lastSlot = (recorded.at(-1)?.slot ?? first) - 1;
  if (lastSlot < first) throw new UnreadableJournal(`the recording does not go on behind slot ${first}`);

  const clock = new VirtualClock(0);
  const open: { world: WorldBehind | undefined } = { world: undefined };
  const replay = new Replay({
    until: first - 1,
    world: (beginning) => (open.world = worldBehind(beginning, clock, new KnownWorld(turns), supposition)),
  });
  for (const part of parts) replay.take(part);
  const { difference, scheduler } = replay.result();
  if (difference !== undefined) {
    throw new UnreadableJournal(`the replay differs in slot ${difference.turn.slot}, before the supposition`);
  }
  if (scheduler === undefined) throw new UnreadableJournal(`there is nothing to replay before slot ${first}`);
  const { chain } = scheduler.beginning;
  const from = Math.max(slotStartMs(chain, first), scheduler.entrance.clock.now());
  await clock.advanceTo(scheduler.entrance.clock.now());
  scheduler.decided();
  scheduler.entrance.leave(new LiveEntrance(clock, () => 0.5));
  tellChanges(scheduler, clock, new KnownWorld(recorded));
  await clock.advanceTo(Math.max(from, slotStartMs(chain, lastSlot + 1) - 1));
  const decided = scheduler.decided();
  scheduler.actor?.stop();
  return compare(
    recorded.flatMap(({ decisions }) => decisions),
    decided,
    { first, last: lastSlot },
  );
}

function tellChanges(
  { actor }: NonNullable<ReturnType<Replay['result']>['scheduler']>,
  clock: VirtualClock,
  { changes }: KnownWorld,
): void {
  for (const { time, value } of changes) clock.setTimeout(() => actor?.send(value), time - clock.now());
}

function worldBehind(
  { chain, nodes }: Beginning,
  clock: VirtualClock,
  known: KnownWorld,
  supposition: Supposition,
): WorldBehind {
  const succeed = (): Promise<ExecutionReport | void> => Promise.resolve();
  // Told already, or told with the changes.
  const validators: ValidatorSource = { run: () => undefined };
  return {
    beaconNode: supposedNode(nodes[0]?.url ?? '', chain, clock, known, supposition),
    validators,
    executors: Object.fromEntries(DUTY_KINDS.map((kind) => [kind, succeed])),
  };
}

function compare(
  recorded: readonly DecisionLine[],
  decided: readonly DecisionLine[],
  slots: WhatIfResult['slots'],
): WhatIfResult {
  const before = metIn(recorded, slots);
  const then = metIn(decided, slots);
  const reasons = reasonsIn(decided);
  const met: Record<string, { before: number; then: number }> = {};
  for (const kind of DUTY_KINDS) met[kind] = { before: count(before, kind), then: count(then, kind) };
  const missing = (from: Map<string, ChangedDuty>, other: Map<string, ChangedDuty>) =>
    [...from].filter(([key]) => !other.has(key)).map(([key, duty]) => ({ ...duty, key }));
  const lost = missing(before, then).map(({ key, ...duty }) => ({
    ...duty,
    reason: reasons.get(key) ?? 'no such duty',
  }));
  const was = reasonsIn(recorded);
  const gained = missing(then, before).map(({ key, ...duty }) => ({ ...duty, reason: was.get(key) ?? 'no such duty' }));
  return { slots, met, lost, gained };
}

function count(met: ReadonlyMap<string, ChangedDuty>, kind: DutyKind): number {
  return [...met.values()].filter((duty) => duty.kind === kind).length;
}

interface DutyLine {
  readonly type: string;
  readonly role: string;
  readonly slot: Slot;
  readonly validators: readonly number[];
  readonly reason?: string;
  readonly error?: string;
}

function metIn(lines: readonly DecisionLine[], { first, last }: WhatIfResult['slots']): Map<string, ChangedDuty> {
  const met = new Map<string, ChangedDuty>();
  for (const { type, role: kind, slot, validators } of lines as unknown as readonly DutyLine[]) {
    if (type !== 'duty-executed' || slot < first || slot > last) continue;
    for (const validator of validators) met.set(`${kind} ${slot} ${validator}`, { kind, slot, validator, reason: '' });
  }
  return met;
}

/** Why duties were not met, by the last line of each. */
function reasonsIn(lines: readonly DecisionLine[]): Map<string, string> {
  const reasons = new Map<string, string>();
  for (const { type, role, slot, validators, reason, error } of lines as unknown as readonly DutyLine[]) {
    if (!['duty-skipped', 'duty-failed', 'duty-cancelled', 'duty-deferred'].includes(type)) continue;
    for (const validator of validators) reasons.set(`${role} ${slot} ${validator}`, reason ?? error ?? type);
  }
  return reasons;
}
