import type { DutyBatch } from '../../machines/ports.js';
import type { ValidatorRecord } from '../../machines/rules/validators.js';
import { ROLES, type DutyKind, type Role } from '../../machines/rules/duties.js';
import type { EventLine } from '../../machines/rules/event-log.js';
import { Membership } from './membership.js';
import type { PlainChain, Roots } from './plain-chain.js';
import {
  deadlineOf,
  epochOf,
  firstSlotOf,
  KINDS,
  periodOfEpoch,
  roleOf,
  SLOT_MS,
  slotAt,
  startOf,
  targetOf,
} from './plain-time.js';
import { preparesNext, RoleMemory, type KnownRow } from './role-memory.js';
import type { NodeAudience, TableAnswer, TableRequest } from './told-node.js';
import { Stories } from './stories.js';
import { whyNotNow } from './hand-over-rules.js';

/** Part of a slot that a crashed role stays away. */
const RESTART_MS = SLOT_MS / 20;
/** Time after which, at the latest, data is asked for again once it can be had: a pause of a slot, and a budget. */
const DATA_RECOVERY_MS = SLOT_MS + 2500;

/** A step of the clock is noticed after so long. */
const NOTICE_MS = 1000;

/** A duty that an executor has in hand. */
export interface InHand {
  readonly kind: DutyKind;
  readonly slot: number;
  readonly validator: number;
  readonly signal: AbortSignal;
  /** It was called off: its validator left, its duty is gone, its role crashed. */
  off: boolean;
  /** Nothing can be said of it: the node contradicted itself meanwhile. */
  unsure: boolean;
}

export const keyOf = (kind: DutyKind, slot: number, validator: number): string => `${kind} ${slot} ${validator}`;

/**
 * The plain reference: what the node has said so far, whose validators are ours, and what was handed over. From that
 * alone follows what may run, what must have run, and what must be on its way. It knows nothing of machines.
 */
export class ReferenceModel implements NodeAudience {
  readonly members: Membership;
  readonly roles: Readonly<Record<Role, RoleMemory>>;
  readonly stories = new Stories();
  readonly violations: string[] = [];
  /** Claims that stand, and where each validator last attested. */
  readonly handedOver = new Map<string, number>();
  readonly released = new Set<string>();
  /** Epoch of the last attestation of each validator that was given back: another one may have been refused for its sake. */
  readonly gaveBack = new Map<number, number>();
  readonly attested = new Map<number, { readonly epoch: number; readonly slot: number }[]>();
  readonly inHand = new Set<InHand>();
  /** Slot of the last tick. */
  slot: number;
  /** Unix ms until which timers may sleep through what is due, or wake too early: the clock jumped. */
  shakenUntil = -Infinity;
  /** Slots in which the clock was set back: a moment that had come may lie ahead again. */
  readonly setBackIn = new Set<number>();
  /** Unix ms since which the node has been known to be fit; undefined: it is not. */
  fitSince: number | undefined = -Infinity;
  unfitSince: number | undefined;
  /** Unix ms since which data for signing can be had; undefined: it cannot. */
  dataSince: number | undefined = -Infinity;
  /** Heads, look-ups and crashes of each slot: each may lead to requests. */
  readonly stirs = new Map<number, number>();
  /** Counts for the report: what was demanded, by kind. */
  readonly demanded = new Map<string, number>();
  #tickedAt = -Infinity;
  readonly #leftAt = new Map<number, number>();

  constructor(
    readonly chain: PlainChain,
    readonly startSlot: number,
    readonly now: () => number,
    initial: readonly number[],
  ) {
    this.slot = startSlot;
    this.members = new Membership(initial);
    const memoryOf = (role: Role) => [role, new RoleMemory(role, chain.proposersAhead)] as const;
    this.roles = Object.fromEntries(ROLES.map(memoryOf)) as Record<Role, RoleMemory>;
  }

  /** The scheduler ticks: once a slot, never backwards, and never for a slot that has not begun. */
  ticked(slot: number): void {
    const isFirst = slot === this.startSlot && this.slot === slot;
    if (slot <= this.slot && !isFirst) this.violations.push(`a tick of slot ${slot} after that of slot ${this.slot}`);
    if (slot > slotAt(this.now())) this.violations.push(`a tick of slot ${slot}, which has not begun`);
    this.slot = slot;
    this.#tickedAt = this.now();
  }

  isUp(role: Role): boolean {
    return this.now() >= this.roles[role].downUntil;
  }

  requested({ role, target, asked, at }: TableRequest): void {
    if (!this.isUp(role)) return;
    const { requestedAt, failedAt, orderedAt, redrawn } = this.roles[role];
    // A request that failed is repeated as it was until the next tick.
    const isRepeated = (failedAt.get(target) ?? -Infinity) >= this.#tickedAt;
    if (!isRepeated) orderedAt.set(target, at);
    const from = orderedAt.get(target) ?? at;
    requestedAt.set(target, at);
    redrawn.delete(target);
    if (asked === undefined) return;
    const eligible = new Set(this.members.eligible(role, target, this.slot));
    const leftJustNow = (validator: number) => (this.#leftAt.get(validator) ?? -Infinity) >= from;
    const others = asked.filter((validator) => !eligible.has(validator) && !leftJustNow(validator));
    if (others.length > 0 && !this.isShaken()) {
      this.violations.push(`${role} ${target}: asked for ${others.join()}, who are not eligible`);
    }
  }

  answered(request: TableRequest, answer: TableAnswer): void {
    const { role, target } = request;
    // What comes for a role that has crashed nobody hears.
    if (!this.isUp(role)) return;
    const isOurs = (validator: number) => this.members.isActive(validator);
    const { gone, trusted } = this.roles[role].take(request, answer, this.slot, this.now(), isOurs);
    if (trusted) this.#callOff(role, target, gone);
    else this.#unsettle(role, target);
  }

  failed({ role, target }: TableRequest): void {
    if (!this.isUp(role)) return;
    this.roles[role].failedAt.set(target, this.now());
  }

  garbled(role: Role): void {
    if (!this.isUp(role)) return;
    this.#stir();
    this.roles[role].forget(this.now() + RESTART_MS);
    for (const kind of KINDS[role]) this.stories.forget(kind, this.now());
    for (const duty of this.inHand) if (roleOf(duty.kind) === role) duty.off = true;
  }

  told(roots: Roots, head: { readonly slot: number; readonly optimistic: boolean } | undefined): void {
    this.#stir();
    for (const role of ROLES) {
      if (!this.isUp(role)) continue;
      const memory = this.roles[role];
      for (const { target, gone } of memory.tell(roots, this.slot, this.now())) this.#callOff(role, target, gone);
      if (head === undefined) continue;
      if (role === 'sync-committee' && preparesNext(this.slot)) {
        memory.tellCurrentRoot(roots, periodOfEpoch(epochOf(this.slot)) + 1, this.now());
      }
      if (!head.optimistic && !memory.heads.has(head.slot)) {
        memory.heads.set(head.slot, { at: this.now(), block: roots.block! });
      }
    }
  }

  saidStatus(unfit: boolean): void {
    if (unfit) {
      this.fitSince = undefined;
      this.unfitSince ??= this.now();
    } else {
      this.unfitSince = undefined;
      this.fitSince ??= this.now();
    }
  }

  saidRecords(records: readonly ValidatorRecord[]): void {
    this.#stir();
    this.members.learn(records, this.now());
  }

  servedData(role: Role, slot: number, root: string): void {
    const { heads, oddDataSlots } = this.roles[role];
    if (heads.has(slot) && heads.get(slot)!.block !== root) oddDataSlots.add(slot);
  }

  /** The executor is called. */
  handOver(batch: DutyBatch): InHand[] {
    const { kind, slot } = batch;
    const seen: InHand[] = [];
    for (const duty of batch.duties) {
      const { validatorIndex: validator, signal } = duty;
      const key = keyOf(kind, slot, validator);
      for (const why of whyNotNow(this, batch, duty)) this.violations.push(`${key}: ${why}`);
      this.released.delete(key);
      this.handedOver.set(key, this.now());
      if (kind === 'attester') {
        this.attested.set(validator, [...(this.attested.get(validator) ?? []), { epoch: epochOf(slot), slot }]);
      }
      const inHand = { kind, slot, validator, signal, off: false, unsure: false };
      this.inHand.add(inHand);
      seen.push(inHand);
    }
    return seen;
  }

  /** The executor is done with a duty; `nothingSigned` gives the claim back. */
  finished(duty: InHand, nothingSigned: boolean): void {
    this.inHand.delete(duty);
    if (!nothingSigned) return;
    const { kind, slot, validator } = duty;
    const key = keyOf(kind, slot, validator);
    this.handedOver.delete(key);
    this.released.add(key);
    if (kind !== 'attester') return;
    this.gaveBack.set(validator, Math.max(epochOf(slot), this.gaveBack.get(validator) ?? 0));
    this.attested.set(
      validator,
      (this.attested.get(validator) ?? []).filter((claim) => claim.slot !== slot),
    );
  }

  line(line: EventLine): void {
    this.violations.push(...this.stories.line(line));
  }

  /** A validator is no longer ours. */
  left(validator: number): void {
    this.#leftAt.set(validator, this.now());
    for (const role of ROLES) this.roles[role].drop(validator);
    for (const duty of this.inHand) if (duty.validator === validator) duty.off = true;
  }

  /** The wall clock was set, by so many ms. */
  jumped(ms: number): void {
    const now = this.now();
    const before = now - ms;
    this.shakenUntil = now + NOTICE_MS;
    // Data is asked for again after a span, whatever the clock says.
    if (this.dataSince !== undefined) this.dataSince = now;
    for (const role of ROLES) this.roles[role].jumped(ms, before);
    if (ms > 0) return;
    this.#tickedAt += ms;
    if (this.fitSince !== undefined) this.fitSince = Math.min(this.fitSince, now);
    if (this.unfitSince !== undefined) this.unfitSince = Math.min(this.unfitSince, now);
    for (let slot = slotAt(now); slot <= slotAt(before); slot++) this.setBackIn.add(slot);
    for (const duty of this.inHand) {
      if (deadlineOf(duty.kind, duty.slot) <= before + NOTICE_MS) duty.unsure = true;
    }
  }

  dataIs(fine: boolean): void {
    if (!fine) this.dataSince = undefined;
    else this.dataSince ??= this.now();
  }

  isShaken(): boolean {
    return this.now() <= this.shakenUntil;
  }

  /** Whether data could be had for so long that nothing waits for it any more. */
  hasData(): boolean {
    return this.dataSince !== undefined && this.now() - this.dataSince > DATA_RECOVERY_MS;
  }

  /** Forgets what can no longer matter. */
  prune(): void {
    for (const role of ROLES) this.roles[role].prune(targetOf(role, this.slot) - 1);
  }

  #stir(): void {
    this.stirs.set(this.slot, (this.stirs.get(this.slot) ?? 0) + 1);
  }

  #callOff(role: Role, target: number, gone: readonly KnownRow[]): void {
    for (const duty of this.inHand) {
      if (roleOf(duty.kind) !== role || targetOf(role, duty.slot) !== target) continue;
      const isGone = (row: KnownRow) =>
        row.validator === duty.validator && (row.slot === undefined || row.slot === duty.slot);
      if (gone.some(isGone)) duty.off = true;
    }
  }

  #unsettle(role: Role, target: number): void {
    for (const duty of this.inHand) {
      if (roleOf(duty.kind) === role && targetOf(role, duty.slot) === target) duty.unsure = true;
    }
  }
}

/** Oldest slot whose attestations may still start. */
export function oldestOpenSlot(startSlot: number, slot: number): number {
  let oldest = slot;
  while (oldest > startSlot && deadlineOf('attester', oldest - 1) > startOf(slot)) oldest -= 1;
  return Math.max(oldest, firstSlotOf(epochOf(slot) - 1));
}
