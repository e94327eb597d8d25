import { createActor, fromCallback, fromPromise, setup } from 'xstate';
import { dutyExecutionMachine } from '../../machines/duty-execution.machine.js';
import type {
  CollectDataInput,
  CollectedData,
  HandOverCommand,
  HandOverInput,
  HandOverOutcome,
} from '../../machines/duty-execution/execution-context.js';
import { attester, syncCommittee } from '../../machines/roles/index.js';
import { ClaimLedger } from '../../machines/rules/at-most-once.js';
import { slotStartMs } from '../../machines/rules/chain-time.js';
import type { Duty, ValidatorIndex } from '../../machines/rules/duties.js';
import type { Report } from '../../machines/rules/event-log.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { root, testChain } from '../support/chain.js';
import { pubkeyOf } from '../support/validators.js';
import type { BatchEvent, BatchVariant, Fate } from './batch-spec.js';
import type { Inspect, Rehearsal } from './play-paths.js';

const CHAIN = testChain();
const SLOT = 3;
const START_MS = slotStartMs(CHAIN, SLOT);
/** Moments of the batch, in ms since its slot began. */
const MOMENTS = { 'due point': 4000, 'last chance': 12_000, deadline: 24_000, 'long after the deadline': 36_000 };
const GRACE_MS = 1000;
/** Longer than any pause that a path comes to; the due point is further. */
const PAUSE_MS = 450;
/** A twelfth of a slot. */
const PATIENCE_MS = 1000;
const HEAD = { node: 0, slot: SLOT, block: root(7), at: START_MS };
/** The one that may leave alone, and the other. */
const ONE = 1;
const OTHER = 2;

/** A real batch whose data and executor wait for the path. */
export class BatchRehearsal implements Rehearsal<BatchEvent> {
  readonly #clock: VirtualClock;
  readonly #fates = new Map<ValidatorIndex, Fate>();
  readonly #requests: { resolve: (data: CollectedData) => void; reject: (error: Error) => void }[] = [];
  readonly #commands: HandOverCommand[] = [];
  readonly #variant: BatchVariant;
  readonly #host;
  #duties: readonly Duty[] = [ONE, OTHER].map(dutyOf);
  #handOver: { input: HandOverInput; tell: (outcome: HandOverOutcome) => void } | undefined;
  /** Lines that name nobody. */
  emptyLines: readonly Report[] = [];

  constructor(variant: BatchVariant, inspect: Inspect) {
    const { waitsForHead, collects, armedAt, headKnown } = variant;
    this.#variant = variant;
    this.#clock = new VirtualClock(START_MS + (armedAt === undefined ? 0 : MOMENTS[armedAt]));
    const batch = dutyExecutionMachine.provide({
      actions: { report: (_, { reports }) => reports.forEach((report) => this.#note(report)) },
      actors: {
        collectData: fromPromise<CollectedData, CollectDataInput>(
          () => new Promise((resolve, reject) => this.#requests.push({ resolve, reject })),
        ),
        handOver: fromCallback<HandOverCommand, HandOverInput>(({ input, sendBack, receive }) => {
          this.#handOver = { input, tell: sendBack };
          receive((command) => this.#commands.push(command));
        }),
      },
    });
    const role = setup({ actors: { batch } }).createMachine({
      invoke: {
        id: 'batch',
        src: 'batch',
        input: {
          id: 'batch',
          kind: waitsForHead ? syncCommittee.kinds[0]! : attester.kinds[1]!,
          slot: SLOT,
          chain: CHAIN,
          clock: this.#clock,
          random: () => 0.5,
          claims: new ClaimLedger(),
          dataFetch: collects,
          headGraceMs: variant.noGrace ? 0 : variant.longGrace ? MOMENTS['last chance'] : GRACE_MS,
          dueAt: START_MS + MOMENTS['due point'],
          startBy: START_MS + MOMENTS['last chance'],
          deadline: START_MS + MOMENTS.deadline,
          duties: this.#duties,
          late: variant.late === true,
          head: headKnown ? HEAD : undefined,
          unfit: undefined,
          stale: false,
          olderOnTheWay: variant.olderOnTheWay === true,
        },
      },
    });
    this.#host = createActor(role, { clock: this.#clock, inspect });
  }

  async start(): Promise<void> {
    this.#host.start();
    await this.#clock.advanceBy(0);
  }

  /** The state of the batch; of one within the other, the outer one. */
  get state(): string {
    const { value } = this.#batch.getSnapshot();
    return typeof value === 'string' ? value : Object.keys(value)[0]!;
  }

  get trigger(): string {
    return this.#batch.getSnapshot().context.trigger;
  }

  fateOf(who: 'one' | 'other'): Fate {
    return this.#fates.get(who === 'one' ? ONE : OTHER) ?? 'untold';
  }

  /** With whom the executor was called; nobody before that. */
  get handedOver(): readonly ValidatorIndex[] {
    return this.#handOver?.input.duties.map(({ validatorIndex }) => validatorIndex) ?? [];
  }

  /** Whom the executor was told to stop for. */
  get calledOff(): readonly ValidatorIndex[] {
    return this.#commands.flatMap((command) => (command.type === 'CANCEL' ? command.validators : []));
  }

  get expired(): boolean {
    return this.#commands.some(({ type }) => type === 'EXPIRE');
  }

  async play({ type }: BatchEvent): Promise<void> {
    switch (type) {
      case 'head':
        this.#batch.send({ type: 'HEAD', head: HEAD });
        break;
      case 'grace ends':
        await this.#clock.advanceTo(START_MS + GRACE_MS);
        break;
      case 'due point':
      case 'last chance':
      case 'deadline':
      case 'long after the deadline':
        await this.#clock.advanceTo(START_MS + MOMENTS[type]);
        break;
      case 'sleep':
        await this.#sleep();
        break;
      case 'distrust':
      case 'trust':
        this.#trust(type === 'trust');
        break;
      case 'one leaves':
        this.#lose(ONE);
        break;
      case 'all leave':
        this.#lose(ONE, OTHER);
        break;
      case 'data for the head':
        this.#requests.at(-1)!.resolve({ root: HEAD.block, executionOptimistic: false });
        break;
      case 'other data':
        this.#requests.at(-1)!.resolve({ root: root(8), executionOptimistic: false });
        break;
      case 'no data':
        this.#requests.at(-1)!.reject(new Error('HTTP 500'));
        break;
      case 'retry':
        await this.#clock.advanceBy(PAUSE_MS);
        break;
      case 'older handed over':
        this.#batch.send({ type: 'OLDER', onTheWay: false });
        break;
      case 'patience ends':
        await this.#clock.advanceBy(PATIENCE_MS);
        break;
      case 'outcome':
        this.#finish();
        break;
    }
    await this.#clock.advanceBy(0);
  }

  stop(): void {
    this.#host.stop();
  }

  get #batch() {
    return this.#host.getSnapshot().children['batch']!;
  }

  /** The machine is suspended beyond the last chance: the wall clock goes on, timers do not; then it wakes up. */
  async #sleep(): Promise<void> {
    this.#clock.jump(START_MS + MOMENTS['last chance'] - this.#clock.now());
    this.#batch.send({ type: 'CLOCK_STEPPED' });
    await this.#clock.advanceBy(MOMENTS['due point']);
  }

  #trust(trusted: boolean): void {
    const unfit = trusted ? undefined : ('node-syncing' as const);
    if (this.#variant.troubles.includes('node not trusted')) this.#batch.send({ type: 'NODE_FITNESS', unfit });
    else if (trusted) this.#tellDuties();
    else this.#batch.send({ type: 'STALE' });
  }

  #lose(...gone: readonly ValidatorIndex[]): void {
    this.#duties = this.#duties.filter(({ validatorIndex }) => !gone.includes(validatorIndex));
    this.#tellDuties();
  }

  #tellDuties(): void {
    this.#batch.send({ type: 'DUTIES', duties: this.#duties, stale: false, reason: 'reorg' });
  }

  #finish(): void {
    const executed = this.handedOver.filter((validator) => !this.calledOff.includes(validator));
    this.#handOver!.tell({ type: 'OUTCOME', executed, failed: new Map(), refused: new Map() });
  }

  #note(report: Report): void {
    if (!('validators' in report) || !report.type.startsWith('duty-')) return;
    const validators = report.validators as readonly ValidatorIndex[];
    if (validators.length === 0) this.emptyLines = [...this.emptyLines, report];
    for (const validator of validators) this.#fates.set(validator, report.type.slice('duty-'.length) as Fate);
  }
}

function dutyOf(validatorIndex: ValidatorIndex): Duty {
  return {
    validatorIndex,
    pubkey: pubkeyOf(validatorIndex),
    slot: SLOT,
    epoch: 0,
    validatorSyncCommitteeIndices: [validatorIndex],
  };
}
