import { epochOf, slotStartMs, type ChainSpec, type Slot } from '../../machines/rules/chain-time.js';
import type { DutyKind } from '../../machines/rules/duties.js';
import type { ChainDuty, ChainRecord } from './chain-record.js';
import type { MemberChange } from './comings-and-goings.js';
import type { DutyStories } from './duty-stories.js';
import type { Excuse, Weather } from './weather.js';

/** Slots of good weather after which everything must work again. */
export const RECOVERY_SLOTS = 3;
/** Good slots after which a change by the contract must have arrived. */
const CHANGE_SLOTS = 6;
/** An execution at the very end of a slot is heard of in the next one. */
const HEARING_MS = 100;
const UNFIT_NODE = / (node-|execution-client)/;

/** What became of the duties of one kind. */
export interface Account {
  due: number;
  /** Executed in its slot. */
  inSlot: number;
  /** An attestation that was made up later. */
  late: number;
  /** Not executed, and nobody could have; by the oracle's reason and that of the event log. */
  readonly excused: Map<string, number>;
  /** Not executed although a healthy scheduler could have. */
  unexplained: number;
}

/** A duty that could have been met and was not. */
export interface Unexplained extends ChainDuty {
  readonly reason: string;
}

export interface Judgement {
  readonly accounts: ReadonlyMap<DutyKind, Account>;
  readonly unexplained: readonly Unexplained[];
}

export interface Evidence {
  readonly chain: Pick<ChainSpec, 'genesisTimeMs' | 'slotDurationMs' | 'slotsPerEpoch'>;
  readonly record: Pick<ChainRecord, 'duties' | 'changedBetween'>;
  readonly memberChanges: readonly MemberChange[];
  readonly stories: DutyStories;
  readonly weather: Weather;
}

/** Holds what the chain asked for against what the event log says was done. */
export function judge(evidence: Evidence): Judgement {
  const accounts = new Map<DutyKind, Account>();
  const unexplained: Unexplained[] = [];
  const court = new Court(evidence);
  for (const duty of evidence.record.duties) {
    const account = accounts.get(duty.kind) ?? {
      due: 0,
      inSlot: 0,
      late: 0,
      excused: new Map<string, number>(),
      unexplained: 0,
    };
    accounts.set(duty.kind, account);
    account.due++;
    const executedAt = evidence.stories.executedAt(duty);
    if (executedAt !== undefined) {
      // Heard of a moment after it was done: what a turn of the pipe takes.
      if (executedAt < court.startOf(duty.slot + 1) + HEARING_MS) account.inSlot++;
      else if (court.whyNotInSlot(duty) === undefined) blame(duty, account, 'made up later');
      else account.late++;
      continue;
    }
    const excuse = court.whyNotAtAll(duty);
    const reason = evidence.stories.reasonOf(duty);
    if (excuse === undefined) blame(duty, account, reason);
    else {
      const why = `${excuse}: ${reason}`;
      account.excused.set(why, (account.excused.get(why) ?? 0) + 1);
    }
  }
  return { accounts, unexplained };

  function blame(duty: ChainDuty, account: Account, reason: string): void {
    account.unexplained++;
    unexplained.push({ ...duty, reason });
  }
}

class Court {
  /** By the time of the change. */
  readonly #settled = new Map<number, number>();

  constructor(private readonly evidence: Evidence) {}

  startOf(slot: Slot): number {
    return slotStartMs(this.evidence.chain, slot);
  }

  /** Why it could not be executed in its slot; undefined where it could. */
  whyNotInSlot(duty: ChainDuty): Excuse | 'moved' | undefined {
    return this.#whyNotIn(duty, duty.slot);
  }

  /** Why it could not be executed, in its slot or, an attestation, in a later one. */
  whyNotAtAll(duty: ChainDuty): Excuse | 'moved' | undefined {
    const inSlot = this.whyNotInSlot(duty);
    if (inSlot === undefined || duty.kind !== 'attester') return inSlot;
    const last = duty.slot + this.evidence.chain.slotsPerEpoch - 1;
    for (let slot = duty.slot + 1; slot <= last; slot++) if (this.#whyNotIn(duty, slot) === undefined) return undefined;
    return inSlot;
  }

  /** Why a duty could not be executed in a slot, its own or a later one. */
  #whyNotIn(duty: ChainDuty, slot: Slot): Excuse | 'moved' | undefined {
    const { kind, slot: own, validator } = duty;
    const { chain, record, stories, weather } = this.evidence;
    if (kind === 'attester' && stories.hasAttestedElsewhere(validator, own, this.startOf(slot + 1))) return 'moved';
    const shownBy = this.startOf(own - RECOVERY_SLOTS);
    const from = this.startOf(slot - RECOVERY_SLOTS);
    const to = this.startOf(slot + 1);
    if (this.#isUnsettled(validator, shownBy, to)) return 'validator-changed';
    const hasRoot = kind !== 'sync-committee' && kind !== 'sync-committee-contribution';
    if (hasRoot && record.changedBetween(epochOf(chain, own), shownBy, to)) return 'reorg';
    return weather.whyUnfit(from, to) ?? (this.#wasBusy(duty, slot) ? 'busy-machine' : undefined);
  }

  /** The machine had no time for a duty, in that slot or the one before it. */
  #wasBusy(duty: ChainDuty, slot: Slot): boolean {
    const { stories, weather } = this.evidence;
    // That makes answers late. It makes no node unreachable, and none unfit.
    if (UNFIT_NODE.test(stories.reasonOf(duty))) return false;
    return weather.isBusy(this.startOf(slot - 1), this.startOf(slot + 1));
  }

  /** The contract said something of a validator, and the scheduler may not know it yet. */
  #isUnsettled(validator: number, from: number, to: number): boolean {
    return this.evidence.memberChanges.some((change) => {
      return change.validator === validator && change.at <= to && this.#settledAt(change.at) >= from;
    });
  }

  /** When it must have arrived: after some slots in which neither the contract's node nor anything else was amiss. */
  #settledAt(at: number): number {
    const known = this.#settled.get(at);
    if (known !== undefined) return known;
    const { chain, weather } = this.evidence;
    const length = CHANGE_SLOTS * chain.slotDurationMs;
    const isGood = (from: number) =>
      weather.whyUnfit(from, from + length) === undefined && weather.isContractHeard(from, from + length);
    let from = at;
    while (!isGood(from)) from += chain.slotDurationMs;
    this.#settled.set(at, from + length);
    return from + length;
  }
}
