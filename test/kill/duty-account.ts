import type { JournalLine } from './journal-tail.js';

/** An attestation that the chain asks for. */
export interface Attestation {
  readonly validator: number;
  readonly slot: number;
}

/** A process from its start to its death. Unix ms. */
export interface Life {
  /** It had attester duties, of whichever epoch; undefined where it died before. */
  readonly knewDutiesAt: number | undefined;
  /** It had those of an epoch. */
  readonly knewEpochAt: ReadonlyMap<number, number>;
  readonly diedAt: number;
}

/** Slots that a process is given, from the moment in which it knows the duties, to begin what is late. */
const SLOTS_TO_BEGIN = 2;
/** Slots in which the duties of every epoch that is open must be there, once those of one are. */
const SLOTS_TO_KNOW_ALL = 4;

/** Whether a process has attester duties from this line on. */
export function knowsDuties({ type, role }: JournalLine): boolean {
  return type === 'duties-fetched' && role === 'attester';
}

/** What the journals of one life after the other say of each duty. */
export class DutyAccount {
  readonly lives: Life[] = [];
  /** What was claimed, or executed, twice. */
  readonly doubled: string[] = [];
  /** Attestations that a process could have made, and that none has claimed. */
  readonly lost: string[] = [];
  readonly #seen = new Set<string>();
  /** What was said of an attestation, oldest first. */
  readonly #said = new Map<string, string[]>();
  #claims = 0;
  #executed = 0;
  #attestations = 0;
  #neverPossible = 0;
  #overtaken = 0;

  /** The lines of a life that is over. */
  take(lines: readonly JournalLine[], diedAt: number): void {
    const known = lines.filter(knowsDuties);
    const knewEpochAt = new Map(known.map(({ epoch, time }) => [epoch!, time] as const).reverse());
    this.lives.push({ knewDutiesAt: known[0]?.time, knewEpochAt, diedAt });
    for (const line of lines) this.#note(line);
  }

  /**
   * Looks for what is missing of an epoch that is over, when the last chance of its attestations is too.
   *
   * @param startOf unix ms of a slot's start
   * @param lastChance of an attestation: in so many slots after its own
   */
  checkEpoch(
    epoch: number,
    attestations: readonly Attestation[],
    startOf: (slot: number) => number,
    lastChance: number,
  ): void {
    const slotMs = startOf(1) - startOf(0);
    for (const { validator, slot } of attestations) {
      this.#attestations++;
      if (this.#seen.has(`claim attester of epoch ${epoch}, ${validator}`)) continue;
      if (this.#isOvertaken(slot, validator)) {
        this.#overtaken++;
        continue;
      }
      const couldBeMade = this.lives.some(({ knewDutiesAt, knewEpochAt, diedAt }) => {
        if (knewDutiesAt === undefined) return false;
        const knewAt = Math.min(knewEpochAt.get(epoch) ?? Infinity, knewDutiesAt + SLOTS_TO_KNOW_ALL * slotMs);
        const from = Math.max(knewAt, startOf(slot + 1));
        return Math.min(diedAt, startOf(slot + lastChance)) - from >= SLOTS_TO_BEGIN * slotMs;
      });
      if (couldBeMade)
        this.lost.push(`attester slot ${slot}, validator ${validator}: ${this.#storyOf(slot, validator)}`);
      else this.#neverPossible++;
    }
  }

  /** In one line. */
  get summary(): string {
    const dead = this.lives.filter(({ knewDutiesAt }) => knewDutiesAt === undefined).length;
    return [
      `${this.lives.length} lives (${dead} ended before they knew a duty)`,
      `${this.#claims} claims, ${this.#executed} executed`,
      `${this.#attestations} attestations looked for: ${this.#neverPossible} while no process could make them, ${this.#overtaken} overtaken by the next epoch's`,
      `${this.doubled.length} doubled, ${this.lost.length} lost`,
    ].join('; ');
  }

  /** The validator had attested for a later target epoch by then: an attestation for a lower one is refused. */
  #isOvertaken(slot: number, validator: number): boolean {
    const said = this.#said.get(`${slot} ${validator}`) ?? [];
    return said.some((line) => line.startsWith('duty-skipped moved-after-claim'));
  }

  #storyOf(slot: number, validator: number): string {
    return this.#said.get(`${slot} ${validator}`)?.join(', ') ?? 'nothing was said of it';
  }

  #note({ type, time, role, slot, epoch, reason, validators = [] }: JournalLine): void {
    if (role === 'attester' && type.startsWith('duty-')) {
      for (const validator of validators) {
        const key = `${slot} ${validator}`;
        this.#said.set(key, [...(this.#said.get(key) ?? []), [type, reason, time].filter(Boolean).join(' ')]);
      }
    }
    if (type !== 'claim' && type !== 'duty-executed') return;
    for (const validator of validators) {
      if (type === 'claim') this.#claims++;
      else this.#executed++;
      this.#once(`${type} ${role} slot ${slot}, ${validator}`);
      if (type === 'claim' && role === 'attester') this.#once(`claim attester of epoch ${epoch}, ${validator}`);
    }
  }

  #once(what: string): void {
    if (this.#seen.has(what)) this.doubled.push(what);
    this.#seen.add(what);
  }
}
