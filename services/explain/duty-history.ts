import type { AttestationData, HeadRoot } from '../../machines/ports.js';
import {
  epochOf,
  periodOf,
  slotStartMs,
  type ChainSpec,
  type Epoch,
  type Slot,
} from '../../machines/rules/chain-time.js';
import {
  DUTY_KINDS,
  type DutyAnswer,
  type DutyKind,
  type Role,
  type ValidatorIndex,
} from '../../machines/rules/duties.js';
import { isEligible, type RegisteredValidator } from '../../machines/rules/registry.js';
import type { ValidatorRecord } from '../../machines/rules/validators.js';
import type { Beginning } from '../entrance/input.js';
import { readBeginning } from '../recording/beginning.js';
import { fromJson } from '../recording/values.js';
import type { JournalPart, RecordedTurn } from '../recording/turns.js';
import type { AbsenceReason, DutyExplanation, Explanation, LifeStep, Verdict } from './explanation.js';
import { TableHistory, type Happened, type Line } from './table-history.js';
import { messageOf } from '../../machines/rules/message-of.js';

const ROLE_OF: Readonly<Record<DutyKind, Role>> = {
  attester: 'attester',
  aggregator: 'attester',
  proposer: 'proposer',
  'sync-committee': 'sync-committee',
  'sync-committee-contribution': 'sync-committee',
};

/** How a line of the event log about the duty reads, and what it makes of the verdict. */
const LINES: Readonly<Record<string, { what: LifeStep['what']; verdict: Verdict; text: (line: Line) => string }>> = {
  'duty-due': {
    what: 'due',
    verdict: 'planned',
    text: ({ trigger }) => `came due, by ${triggerText(String(trigger))}`,
  },
  'duty-deferred': { what: 'deferred', verdict: 'deferred', text: ({ reason }) => `held back: ${String(reason)}` },
  claim: { what: 'handed-over', verdict: 'handed-over', text: () => 'handed over to the executor' },
  'claim-released': { what: 'given-back', verdict: 'planned', text: () => 'given back: nothing was signed' },
  'duty-executed': { what: 'executed', verdict: 'executed', text: ({ tookMs }) => `executed, in ${String(tookMs)} ms` },
  'duty-failed': { what: 'failed', verdict: 'failed', text: ({ error }) => `failed: ${String(error)}` },
  'duty-cancelled': { what: 'cancelled', verdict: 'cancelled', text: ({ reason }) => `called off: ${String(reason)}` },
  'duty-skipped': { what: 'skipped', verdict: 'skipped', text: ({ reason }) => `skipped: ${String(reason)}` },
};

/** Steps of one instant, in the order in which they follow from each other. */
const PLACES: readonly LifeStep['what'][] = [
  ...(['fetch-failed', 'reorg', 'planned', 'changed', 'head', 'due', 'deferred', 'data', 'handed-over'] as const),
  ...(['given-back', 'executed', 'failed', 'cancelled', 'skipped'] as const),
];

/** Gathers from a journal, part by part, what it says of a validator in a slot. */
export class DutyHistory {
  #chain: ChainSpec | undefined;
  #timing: { genesisTimeMs: number; slotDurationMs: number; slotsPerEpoch: number } | undefined;
  #roles: ReadonlySet<Role> | undefined;
  #kinds: ReadonlySet<DutyKind> | undefined;
  readonly #tables = new Map<string, TableHistory>();
  readonly #steps = new Map<DutyKind, (Happened & { verdict?: Verdict; reason?: string })[]>();
  /** Everything the duty's roles have in common: its head, its data. */
  #record: ValidatorRecord | undefined;
  /** Why the validator was none of ours then, if so. */
  #outside: string | undefined;
  #turnsInSlot = 0;
  #recorded: { from: Slot; to: Slot } | undefined;
  /** Slot of the first start of a process that the journal holds; undefined where its beginning is gone, and no other came. */
  #startedIn: Slot | undefined;

  constructor(
    private readonly slot: Slot,
    private readonly validator: ValidatorIndex,
  ) {}

  take(part: JournalPart): void {
    if (part.part === 'segment') {
      this.#timing = part.opened.chain;
      this.#noteSlot(part.opened.slot);
    }
    // Of a journal whose beginning is gone, every segment still says what it runs.
    if (part.part === 'state') this.#noteStart(readBeginning(fromJson(part.fields['beginning'])));
    if (part.part === 'turn') this.#takeTurn(part.turn);
  }

  /** What was gathered. */
  explain(gaps: readonly string[]): Explanation {
    const epoch = this.#timing === undefined ? 0 : epochOf(this.#timing, this.slot);
    const duties = DUTY_KINDS.map((kind) => this.#explainKind(kind, epoch));
    return { slot: this.slot, epoch, validator: this.validator, recorded: this.#recorded, duties, gaps };
  }

  #takeTurn(turn: RecordedTurn): void {
    const { input, slot, decisions, time } = turn;
    this.#noteSlot(slot);
    if (slot === this.slot) this.#turnsInSlot++;
    if (input.of === 'start') {
      this.#noteStart(input.beginning);
      this.#startedIn ??= slot;
    }
    if (input.of === 'stream' && input.event.type === 'STREAM_HEAD' && input.event.head.slot === this.slot) {
      this.#noteForAll({
        time,
        what: 'head',
        text: `the head of the slot came, block ${input.event.head.block.slice(0, 10)}…`,
      });
    }
    // Status, index and membership are what was known before the slot was over.
    const inTime = slot <= this.slot;
    if (input.of === 'answer') this.#noteAnswer(input, time, inTime);
    const answer = input.of === 'answer' && input.question.what === 'duties' && 'value' in input.outcome;
    for (const line of decisions) {
      this.#noteLine(line, answer ? (input.outcome as { value: DutyAnswer }).value : undefined, time);
      if (inTime && line.type === 'validators-changed') this.#noteMembership(line);
    }
  }

  #noteStart({ chain, roles, kinds }: Beginning): void {
    this.#chain = chain;
    this.#timing = chain;
    this.#roles = new Set(roles);
    this.#kinds = new Set(kinds);
  }

  #noteSlot(slot: Slot): void {
    this.#recorded = {
      from: Math.min(slot, this.#recorded?.from ?? slot),
      to: Math.max(slot, this.#recorded?.to ?? slot),
    };
  }

  #noteAnswer({ question, outcome }: RecordedTurn['input'] & { of: 'answer' }, time: number, inTime: boolean): void {
    if (question.what === 'validators' && 'value' in outcome && inTime) {
      const records = outcome.value as readonly ValidatorRecord[];
      this.#record = records.find(({ index }) => index === this.validator) ?? this.#record;
    }
    if ((question.what === 'attestation-data' || question.what === 'head-root') && question.slot === this.slot) {
      const kind = question.what === 'attestation-data' ? 'attester' : 'sync-committee';
      this.#note(kind, { time, what: 'data', text: dataText(outcome) });
    }
  }

  #noteLine(line: Line, answer: DutyAnswer | undefined, time: number): void {
    const { type } = line;
    const known = LINES[String(type)];
    if (known !== undefined) {
      const isOurs = line['slot'] === this.slot && (line['validators'] as readonly number[]).includes(this.validator);
      if (!isOurs) return;
      const reason = (line['reason'] ?? line['error']) as string | undefined;
      this.#note(line['role'] as DutyKind, {
        time,
        what: known.what,
        text: known.text(line),
        verdict: known.verdict,
        ...(reason !== undefined && { reason }),
      });
      return;
    }
    if (type === 'reorg') {
      for (const table of line['tables'] as readonly Line[]) this.#tableOf(table)?.noteReorg(table, time);
    }
    if (type === 'duties-fetched') this.#tableOf(line)?.noteFetched(line, answer, time);
    if (type === 'duties-fetch-failed') this.#tableOf(line)?.noteFailed(line, time);
    if (type === 'duties-changed') this.#tableOf(line)?.noteChanged(line, time);
  }

  #noteMembership(line: Line): void {
    const names = (list: 'added' | 'removed') => (line[list] as readonly number[]).includes(this.validator);
    if (names('added')) this.#outside = undefined;
    if (!names('removed')) return;
    if (line['cause'] === 'CLUSTER_LIQUIDATED') this.#outside = 'its cluster is liquidated';
    if (line['cause'] === 'VALIDATOR_REMOVED') this.#outside = 'it was removed';
  }

  #tableOf(line: Line): TableHistory | undefined {
    const role = line['role'] as Role;
    const target = Number(line['epoch'] ?? line['period']);
    if (target !== this.#targetOf(role)) return undefined;
    return this.#table(role, target);
  }

  #table(role: Role, target: number): TableHistory {
    const key = `${role} ${target}`;
    const table = this.#tables.get(key) ?? new TableHistory(role, target, this.validator);
    this.#tables.set(key, table);
    return table;
  }

  /** Duties of slot s in the sync committee are those of the period of epoch(s + 1) (SPEC §3). */
  #targetOf(role: Role): number | undefined {
    if (this.#timing === undefined) return undefined;
    if (role !== 'sync-committee') return epochOf(this.#timing, this.slot);
    return this.#chain && periodOf(this.#chain, epochOf(this.#timing, this.slot + 1));
  }

  #noteForAll(step: Happened): void {
    for (const kind of ['attester', 'sync-committee'] as const) this.#note(kind, step);
  }

  #note(kind: DutyKind, step: Happened & { verdict?: Verdict; reason?: string }): void {
    const steps = this.#steps.get(kind);
    if (steps === undefined) this.#steps.set(kind, [step]);
    else steps.push(step);
  }

  #explainKind(role: DutyKind, epoch: Epoch): DutyExplanation {
    const target = this.#targetOf(ROLE_OF[role]);
    const table = target === undefined ? undefined : this.#tables.get(`${ROLE_OF[role]} ${target}`);
    const own = this.#steps.get(role) ?? [];
    const told = own.filter(({ verdict }) => verdict !== undefined);
    const isThere = told.length > 0 || (table?.hasDutyIn(this.slot) ?? false);
    if (!isThere) {
      const { reason, text } = this.#absence(role, table, epoch);
      // Of a duty that never was, only what kept it away is worth telling.
      const steps = reason === 'duties-never-ready' ? this.#inOrder(table?.steps ?? []) : [];
      const elsewhere = table === undefined || table.slots === 'every' ? [] : table.slots;
      return { role, verdict: 'none', reason, text, elsewhere, steps };
    }
    const last = told.at(-1);
    const verdict = last?.verdict ?? 'planned';
    const steps = this.#inOrder([...(table?.steps ?? []), ...own]);
    if (last === undefined) {
      const ran = this.#turnsInSlot > 0;
      const wasMissed = !ran && (this.#recorded?.to ?? -1) >= this.slot;
      const text = wasMissed ? 'planned, and the process did not run in that slot' : 'planned';
      return { role, verdict, reason: wasMissed ? 'not-running' : undefined, text, elsewhere: [], steps };
    }
    return { role, verdict, reason: last.reason, text: last.text, elsewhere: [], steps };
  }

  #absence(role: DutyKind, table: TableHistory | undefined, epoch: Epoch): { reason: AbsenceReason; text: string } {
    const { slot, validator } = this;
    if (this.#recorded === undefined || slot > this.#recorded.to || slot < this.#recorded.from) {
      const { from, to } = this.#recorded ?? {};
      const span = from === undefined ? 'it is empty' : `it holds slots ${from} to ${to}`;
      return { reason: 'not-recorded', text: `slot ${slot} is not in the journal: ${span}` };
    }
    if (this.#roles?.has(ROLE_OF[role]) === false || this.#kinds?.has(role) === false) {
      return { reason: 'not-handed-over', text: `${role} duties are not run here` };
    }
    if (table?.wasReady === true && table.slots.length > 0 && table.slots !== 'every') {
      const text = `no ${role} duty in this slot: its duty of epoch ${epoch} is in slot ${table.slots.join(', ')}`;
      return { reason: 'no-duty', text };
    }
    const standing = this.#whyNotEligible(ROLE_OF[role], epoch);
    if (standing !== undefined) return standing;
    if (table?.wasReady === true) return { reason: 'no-duty', text: noDutyText(role, epoch, table.target) };
    if (this.#beganBefore(role, epoch)) {
      const text = `the journal does not go back to when these duties were fetched: it holds slots ${this.#recorded.from} to ${this.#recorded.to}`;
      return { reason: 'not-recorded', text };
    }
    if (this.#turnsInSlot === 0) return { reason: 'not-running', text: `the process did not run in slot ${slot}` };
    if (this.#record === undefined) {
      return { reason: 'validator-unknown', text: `no beacon node had named validator ${validator} by slot ${slot}` };
    }
    const { count, lastError } = table?.failures ?? { count: 0, lastError: undefined };
    const attempts = count === 0 ? 'no answer is recorded' : `${count} attempts failed, the last error: ${lastError}`;
    return {
      reason: 'duties-never-ready',
      text: `${ROLE_OF[role]} duties of ${ROLE_OF[role] === 'sync-committee' ? 'the period' : `epoch ${epoch}`} were never ready: ${attempts}`,
    };
  }

  /**
   * Whether the duties of the slot may have been fetched before the oldest segment that is kept. Those of an epoch are
   * fetched in the one before it, and those of a sync committee long before.
   */
  #beganBefore(role: DutyKind, epoch: Epoch): boolean {
    if (this.#recorded === undefined || this.#timing === undefined) return false;
    if (this.#startedIn !== undefined && this.#startedIn <= this.slot) return false;
    return ROLE_OF[role] === 'sync-committee' || this.#recorded.from > (epoch - 1) * this.#timing.slotsPerEpoch;
  }

  #whyNotEligible(role: Role, epoch: Epoch): { reason: AbsenceReason; text: string } | undefined {
    if (this.#outside !== undefined) return { reason: 'not-eligible', text: `not eligible: ${this.#outside}` };
    const record = this.#record;
    if (record === undefined || this.#chain === undefined) return undefined;
    const registered: RegisteredValidator = {
      id: record.pubkey,
      record,
      liquidated: false,
      eventSlot: -Infinity,
      committee: undefined,
    };
    if (isEligible(this.#chain, role, registered, epoch)) return undefined;
    const { status, activationEpoch } = record;
    const until = status.startsWith('pending')
      ? Number.isFinite(activationEpoch)
        ? ` until epoch ${activationEpoch}`
        : ': its activation epoch is not known'
      : ` in epoch ${epoch}`;
    return { reason: 'not-eligible', text: `not eligible${until} (${status})` };
  }

  #inOrder(steps: readonly Happened[]): LifeStep[] {
    const start = this.#timing === undefined ? 0 : slotStartMs(this.#timing, this.slot);
    return steps
      .map(({ time, what, text }) => ({ time, offsetMs: time - start, what, text }))
      .sort((a, b) => a.time - b.time || PLACES.indexOf(a.what) - PLACES.indexOf(b.what));
  }
}

function triggerText(trigger: string): string {
  switch (trigger) {
    case 'slot-start':
      return 'the start of its slot';
    case 'head':
      return 'the head of its slot';
    case 'deadline':
      return 'its due point, no head having come';
    case 'late':
      return 'being late';
    default:
      return trigger;
  }
}

function dataText(outcome: { readonly value: unknown } | { readonly error: unknown }): string {
  if ('error' in outcome) {
    const { error } = outcome;
    return `its data could not be fetched: ${messageOf(error)}`;
  }
  const data = outcome.value as AttestationData | HeadRoot;
  const block = 'beaconBlockRoot' in data ? data.beaconBlockRoot : data.root;
  return `its data was fetched: it votes for block ${block.slice(0, 10)}…`;
}

function noDutyText(role: DutyKind, epoch: Epoch, target: number): string {
  if (ROLE_OF[role] === 'sync-committee') return `the validator is not in the sync committee of period ${target}`;
  return role === 'proposer'
    ? `it proposes no block in epoch ${epoch}`
    : `the validator has no ${role} duty in epoch ${epoch}`;
}
