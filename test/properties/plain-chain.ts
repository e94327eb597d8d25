/**
 * The reference chain: a list of blocks, and duties that follow from the dependent root alone. A re-org cuts the list
 * and goes on otherwise, so that roots and duties change as on a real chain.
 */
import type { Role } from '../../machines/rules/duties.js';
import { EPOCHS_PER_PERIOD, firstSlotOf, periodOfEpoch, SLOTS_PER_EPOCH } from './plain-time.js';

export interface Block {
  readonly slot: number;
  readonly root: string;
}

/** A duty as a node's answer names it; `slot` is undefined for the sync committee, whose duties stand in every slot. */
export interface Row {
  readonly slot: number | undefined;
  readonly validator: number;
  /** Committee index of an attester, position of a sync committee member. */
  readonly detail: number;
}

/** What a head names: epoch of its slot, the block, and the two dependent roots. Probes know no block. */
export interface Roots {
  readonly epoch: number;
  readonly block: string | undefined;
  readonly previous: string;
  readonly current: string;
}

/** Validators of the chain; the first two stay for good. */
export const VALIDATORS: readonly number[] = [0, 1, 2, 3, 4, 5, 6];
/** Whoever is not known to the chain from the beginning. */
export const LATECOMERS: readonly number[] = [5, 6];

export class PlainChain {
  /** First epoch in which a validator is active; absent: the node does not know it. */
  readonly activation = new Map<number, number>();
  #blocks: Block[] = [{ slot: 0, root: rootOf(1) }];
  #made = 1;
  readonly #committees = new Map<number, number>();

  /** @param proposersAhead whether proposers are fixed an epoch ahead (v2, from Fulu on) or at the epoch's start (v1) */
  constructor(readonly proposersAhead: boolean) {
    for (const validator of VALIDATORS) if (!LATECOMERS.includes(validator)) this.activation.set(validator, 0);
  }

  get head(): Block {
    return this.#blocks.at(-1)!;
  }

  /** A block on top of the head. */
  grow(slot: number): void {
    this.#made += 1;
    this.#blocks.push({ slot, root: rootOf(this.#made) });
  }

  /** Cuts off the last blocks. */
  cut(depth: number): void {
    this.#blocks = this.#blocks.slice(0, Math.max(1, this.#blocks.length - depth));
  }

  /** Another committee is drawn for a period. */
  redraw(period: number): void {
    this.#committees.set(period, (this.#committees.get(period) ?? 0) + 1);
  }

  /** Root that an answer for a table carries. */
  rootFor(role: Role, epoch: number): string | null {
    if (role === 'sync-committee') return null;
    return this.#lastBefore(firstSlotOf(role === 'attester' || this.proposersAhead ? epoch - 1 : epoch));
  }

  /** What the head says. */
  roots(): Roots & { readonly slot: number; readonly block: string } {
    const { slot, root } = this.head;
    const epoch = Math.floor(slot / SLOTS_PER_EPOCH);
    return { slot, epoch, block: root, ...this.rootsOf(epoch) };
  }

  rootsOf(epoch: number): { readonly previous: string; readonly current: string } {
    return { previous: this.rootFor('attester', epoch)!, current: this.rootFor('attester', epoch + 1)! };
  }

  /** Duties of a table: of an epoch, for the sync committee of the period in which the epoch lies. */
  rows(role: Role, epoch: number): Row[] {
    const root = this.rootFor(role, epoch);
    switch (role) {
      case 'attester':
        return this.#active(epoch).map((validator) => {
          const draw = hash(`attester ${epoch} ${root} ${validator}`);
          return { slot: firstSlotOf(epoch) + (draw % SLOTS_PER_EPOCH), validator, detail: (draw >>> 8) % 2 };
        });
      case 'proposer':
        return Array.from({ length: SLOTS_PER_EPOCH }, (_, position) => {
          const candidates = this.#active(epoch);
          const draw = hash(`proposer ${epoch} ${root} ${position}`);
          return { slot: firstSlotOf(epoch) + position, validator: candidates[draw % candidates.length]!, detail: 0 };
        });
      case 'sync-committee': {
        const period = periodOfEpoch(epoch);
        const version = this.#committees.get(period) ?? 0;
        return this.#active(period * EPOCHS_PER_PERIOD).flatMap((validator) => {
          const draw = hash(`sync ${period} ${version} ${validator}`);
          return draw % 2 === 0 ? [{ slot: undefined, validator, detail: (draw >>> 8) % 3 }] : [];
        });
      }
    }
  }

  #active(epoch: number): number[] {
    return VALIDATORS.filter((validator) => (this.activation.get(validator) ?? Infinity) <= epoch);
  }

  #lastBefore(slot: number): string {
    return (this.#blocks.findLast((block) => block.slot < slot) ?? this.#blocks[0]!).root;
  }
}

function rootOf(n: number): string {
  return `0x${n.toString(16).padStart(64, '0')}`;
}

/** FNV-1a, and a last mix: neighbours differ in every bit. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
}
