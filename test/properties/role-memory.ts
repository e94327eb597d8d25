import type { Role } from '../../machines/rules/duties.js';
import type { Roots, Row } from './plain-chain.js';
import { EPOCHS_PER_PERIOD, epochOf } from './plain-time.js';
import type { TableAnswer, TableRequest } from './told-node.js';

/** A row, and since when (unix ms) it has been known without a break. */
export type KnownRow = Row & { readonly since: number };

/** What the node has said of a table. */
export interface Shown {
  readonly root: string | null;
  readonly rows: readonly KnownRow[];
  /** Validators it was asked for; undefined: it names everyone. */
  readonly asked: readonly number[] | undefined;
  readonly at: number;
  /** Rows of the answer before, where this one came in this very millisecond. */
  readonly before: readonly KnownRow[];
}

export const keyOfRow = ({ slot, validator, detail }: Row): string => `${slot ?? 'any'} ${validator} ${detail}`;

/** What the node has told a role since it (re)started: tables, roots, heads. */
export class RoleMemory {
  readonly shown = new Map<number, Shown>();
  /** Tables that the node's own words prove wrong: nothing of them may start. */
  readonly doubted = new Set<number>();
  /** Tables of which the node contradicts itself: nothing can be demanded. */
  readonly contradicted = new Set<number>();
  /** First head of each slot. */
  readonly heads = new Map<number, { readonly at: number; readonly block: string }>();
  /** Slots in which data did not vote for the head: it was asked for again at the due point. */
  readonly oddDataSlots = new Set<number>();
  /** Proposals (`slot validator`) that a re-org added to the very slot in which it was seen. */
  readonly barred = new Set<string>();
  /** Sync committee tables to be asked for again, since when (unix ms). */
  readonly redrawn = new Map<number, number>();
  readonly failedAt = new Map<number, number>();
  readonly requestedAt = new Map<number, number>();
  /** When a request was first made as it is now repeated (unix ms). */
  readonly orderedAt = new Map<number, number>();
  /** Unix ms at which the role is back after a crash. */
  downUntil = -Infinity;
  /** Unix ms at which a probe proved a table wrong. What it says in this very instant may cross with a hand-over. */
  readonly probedWrongAt = new Map<number, number>();
  readonly #trusted = new Map<number, readonly KnownRow[]>();
  readonly #doubtedIn = new Map<number, number>();
  readonly #currentRoots = new Map<number, string>();
  /** Unix ms since which a table must carry the root that it must carry now. */
  readonly #requiredSince = new Map<number, number>();
  #told: Roots | undefined;

  constructor(
    readonly role: Role,
    private readonly proposersAhead: boolean,
  ) {}

  /** A crash: all is forgotten. */
  forget(downUntil: number): void {
    for (const memory of [this.shown, this.heads, this.failedAt, this.requestedAt, this.redrawn]) memory.clear();
    for (const memory of [this.#trusted, this.#doubtedIn, this.#currentRoots, this.#requiredSince]) memory.clear();
    this.orderedAt.clear();
    for (const memory of [this.doubted, this.contradicted, this.barred]) memory.clear();
    this.#told = undefined;
    this.downUntil = downUntil;
  }

  /** The wall clock was set: what lasts for a span ends after it, and what was said remains said before what follows. */
  jumped(ms: number, before: number): void {
    if (this.downUntil > before) this.downUntil += ms;
    for (const times of [this.orderedAt, this.#requiredSince]) {
      for (const [target, at] of times) times.set(target, Math.min(at, before + ms));
    }
  }

  /** Root that a table must carry by what the node last told; undefined where that says nothing (SPEC §5). */
  requirement(target: number): string | undefined {
    if (this.#told === undefined || this.role === 'sync-committee') return undefined;
    const { epoch, previous, current, block } = this.#told;
    const fixedAhead = this.role === 'attester' || this.proposersAhead;
    const distance = target - epoch;
    if (fixedAhead) return distance === 0 ? previous : distance === 1 ? current : distance === 2 ? block : undefined;
    return distance === 0 ? current : distance === 1 ? block : undefined;
  }

  /** A head or a probe names the roots. Returns the rows of tables proved right again that are gone thereby. */
  tell(roots: Roots, slot: number, now: number): { readonly target: number; readonly gone: KnownRow[] }[] {
    const targets = [roots.epoch, roots.epoch + 1, roots.epoch + 2];
    const before = targets.map((target) => this.requirement(target));
    this.#told = roots;
    for (const [i, target] of targets.entries()) {
      if (this.requirement(target) !== before[i]) this.#requiredSince.set(target, now);
    }
    const restored: { target: number; gone: KnownRow[] }[] = [];
    for (const [target, { root, rows }] of this.shown) {
      const required = this.requirement(target);
      if (required === undefined) continue;
      if (required === root) {
        if (this.doubted.delete(target)) {
          restored.push({ target, gone: this.#gone(target, rows) });
          this.#set(target, rows, now);
        }
        this.contradicted.delete(target);
      } else if (!this.doubted.has(target)) {
        this.#doubt(target, slot);
        if (roots.block === undefined) this.probedWrongAt.set(target, now);
      }
    }
    return restored;
  }

  /** Heads alone tell that the next sync committee may be another: the API names no root for it. */
  tellCurrentRoot({ epoch, current }: Roots, nextPeriod: number, now: number): void {
    const before = this.#currentRoots.get(epoch);
    this.#currentRoots.set(epoch, current);
    if (before !== undefined && before !== current && this.shown.has(nextPeriod)) this.redrawn.set(nextPeriod, now);
  }

  /** An answer for a table. Returns the rows that are gone, and whether it is to be trusted. */
  take(request: TableRequest, { root, rows }: TableAnswer, slot: number, now: number, isOurs: (v: number) => boolean) {
    const { target, asked } = request;
    const before = this.shown.get(target);
    const addition = before?.asked !== undefined && !asked!.some((validator) => before.asked!.includes(validator));
    if (addition && root !== before.root) {
      this.#doubt(target, slot);
      return { gone: [], trusted: false };
    }
    const stays = (validator: number) => asked === undefined || isOurs(validator);
    const answered = [...(addition ? before.rows : []), ...rows.filter(({ validator }) => stays(validator))];
    const known = new Map(this.doubted.has(target) ? [] : before?.rows.map((row) => [keyOfRow(row), row.since]));
    const next = answered.map((row) => ({ ...row, since: known.get(keyOfRow(row)) ?? now }));
    this.shown.set(target, {
      root,
      rows: next,
      asked: asked && [...(addition ? before.asked : []), ...asked.filter(stays)],
      at: now,
      before: before?.rows ?? [],
    });
    this.failedAt.delete(target);
    const required = this.requirement(target);
    if (required !== undefined && required !== root) {
      // Asked after the node had told that root, it answers with another: a node that is not at one with itself.
      if (request.at >= this.#requiredSince.get(target)!) this.contradicted.add(target);
      if (!this.doubted.has(target)) this.#doubt(target, slot);
      return { gone: [], trusted: false };
    }
    this.#bar(target, next, slot, isOurs);
    const gone = this.#gone(target, next);
    this.doubted.delete(target);
    this.contradicted.delete(target);
    this.#trusted.set(target, next);
    return { gone, trusted: true };
  }

  /** A validator has left: its duties are gone at once, where tables name only ours. */
  drop(validator: number): void {
    for (const [target, shown] of this.shown) {
      if (shown.asked === undefined) continue;
      const without = (rows: readonly KnownRow[]) => rows.filter((row) => row.validator !== validator);
      const asked = shown.asked.filter((index) => index !== validator);
      this.shown.set(target, { ...shown, asked, rows: without(shown.rows), before: [] });
      const trusted = this.#trusted.get(target);
      if (trusted !== undefined) this.#trusted.set(target, without(trusted));
    }
  }

  /** Forgets what no duty can need any more. */
  prune(oldestTarget: number): void {
    for (const target of this.shown.keys()) if (target < oldestTarget) this.shown.delete(target);
    for (const target of this.doubted) if (target < oldestTarget) this.doubted.delete(target);
  }

  /** Whether a table was asked for, or its answer came, since an epoch's start (unix ms). */
  isVerifiedSince(target: number, epochStart: number): boolean {
    return Math.max(this.requestedAt.get(target) ?? -Infinity, this.shown.get(target)?.at ?? -Infinity) >= epochStart;
  }

  #doubt(target: number, slot: number): void {
    this.doubted.add(target);
    this.#doubtedIn.set(target, slot);
  }

  #set(target: number, rows: readonly KnownRow[], now: number): void {
    const shown = this.shown.get(target)!;
    const fresh = rows.map((row) => ({ ...row, since: now }));
    this.shown.set(target, { ...shown, rows: fresh });
    this.#trusted.set(target, fresh);
  }

  #gone(target: number, next: readonly KnownRow[]): KnownRow[] {
    const keys = new Set(next.map(keyOfRow));
    return (this.#trusted.get(target) ?? []).filter((row) => !keys.has(keyOfRow(row)));
  }

  #bar(target: number, next: readonly KnownRow[], slot: number, isOurs: (v: number) => boolean): void {
    const trusted = this.#trusted.get(target);
    if (this.role !== 'proposer' || trusted === undefined || this.#doubtedIn.get(target) !== slot) return;
    const before = new Set(trusted.map(keyOfRow));
    for (const row of next) {
      if (row.slot === slot && !before.has(keyOfRow(row)) && isOurs(row.validator)) {
        this.barred.add(`${row.slot} ${row.validator}`);
      }
    }
  }
}

/** First epoch of the last two of a period from whose middle on the next committee is prepared. */
export function preparesNext(slot: number): boolean {
  const epoch = epochOf(slot);
  const left = EPOCHS_PER_PERIOD - (epoch % EPOCHS_PER_PERIOD);
  const position = slot % 8;
  return left === 1 ? position < 7 : left === 2 && position >= 4;
}
