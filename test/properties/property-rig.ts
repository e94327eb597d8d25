import type { DutyBatch, ExecutionReport } from '../../machines/ports.js';
import { DUTY_KINDS, ROLES } from '../../machines/rules/duties.js';
import type { EventLine } from '../../machines/rules/event-log.js';
import type { SchedulerEvent } from '../../machines/scheduler.machine.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { chainSpecOf, DEFAULT_PARAMETERS } from '../../src/devnet/index.js';
import { createDutyScheduler, type DutyScheduler } from '../../src/duty-scheduler.js';
import { problems } from './invariants.js';
import { LATECOMERS, PlainChain, VALIDATORS } from './plain-chain.js';
import { DUE_MS, epochOf, firstSlotOf, GENESIS_MS, SLOT_MS, slotAt, SLOTS_PER_EPOCH, startOf } from './plain-time.js';
import { ReferenceModel, type InHand } from './reference-model.js';
import { pubkeyOf, ToldNode } from './told-node.js';

/** How the node names proposers: an epoch ahead by v2; at the epoch's start by v1, before Fulu or because v2 is not served. */
export type Proposers = 'ahead' | 'before-fulu' | 'v2-not-served';
export type ExecutorMode = 'executes' | 'fails' | 'hangs' | 'hangs until its signal' | 'signs nothing';

export interface World {
  readonly startSlot: number;
  readonly proposers: Proposers;
}

const INITIAL = [0, 1, 2];

/** The real scheduler and the plain reference, both listening to one node on one virtual clock. */
export class PropertyRig {
  readonly clock = new VirtualClock(GENESIS_MS);
  readonly chain: PlainChain;
  readonly model: ReferenceModel;
  readonly node: ToldNode;
  readonly scheduler: DutyScheduler;
  readonly lines: EventLine[] = [];
  readonly happened: string[] = [];
  executorMode: ExecutorMode = 'executes';

  constructor({ startSlot, proposers }: World) {
    const parameters = { ...DEFAULT_PARAMETERS, genesisTimeMs: GENESIS_MS, slotDurationMs: SLOT_MS };
    const base = chainSpecOf(parameters);
    const fulu = proposers === 'before-fulu' ? Infinity : 0;
    const spec = { ...base, forkEpochs: { ...base.forkEpochs, fulu } };
    const now = () => this.clock.now();
    this.chain = new PlainChain(proposers === 'ahead');
    for (let slot = 1; slot < startSlot; slot++) this.chain.grow(slot);
    this.model = new ReferenceModel(this.chain, startSlot, now, INITIAL);
    this.node = new ToldNode(spec, this.chain, this.clock, this.model, proposers !== 'v2-not-served');
    const execute = (batch: DutyBatch) => this.#execute(batch) as Promise<ExecutionReport>;
    this.scheduler = createDutyScheduler({
      beaconNode: this.node,
      validators: {
        run: (tell) =>
          tell({ type: 'VALIDATORS_KNOWN', validators: INITIAL.map((index) => ({ id: pubkeyOf(index) })) }),
      },
      executors: Object.fromEntries(DUTY_KINDS.map((kind) => [kind, execute])),
      clock: this.clock,
      random: () => 0.5,
      inspect: (inspected) => {
        if (inspected.type !== '@xstate.event' || inspected.actorRef !== this.scheduler.actor) return;
        const event = inspected.event as SchedulerEvent;
        if (event.type === 'TICK') this.model.ticked(event.slot);
      },
    });
    this.scheduler.on('*', (line) => {
      this.lines.push(line);
      this.model.line(line);
    });
  }

  get slot(): number {
    return slotAt(this.clock.now());
  }

  async start(startSlot: number, offsetMs: number): Promise<void> {
    await this.clock.advanceTo(startOf(startSlot) + offsetMs);
    await this.scheduler.start();
    await this.check('start');
  }

  /** Lets time pass, with a look at every slot's start and due point on the way. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    while (this.clock.now() < end) {
      const now = this.clock.now();
      const due = startOf(this.slot) + DUE_MS;
      await this.clock.advanceTo(Math.min(end, now < due ? due : startOf(this.slot + 1)));
      await this.check(`at ${this.when()}`);
    }
  }

  /** Sets the wall clock forwards or backwards. */
  jump(ms: number): void {
    this.clock.jump(ms);
    this.model.jumped(ms);
  }

  when(): string {
    return `slot ${this.slot} + ${this.clock.now() - startOf(this.slot)} ms`;
  }

  /** Everything ready has happened; throws what is wrong. */
  async check(what: string): Promise<void> {
    await this.clock.advanceBy(0);
    this.happened.push(`${this.when()}: ${what}`);
    this.model.prune();
    const wrong = problems(this);
    if (wrong.length > 0) throw new Error(`${this.when()}: ${wrong.join('\n')}\n${this.#story()}`);
  }

  /** All troubles end, blocks come in every slot; what follows must be perfect. Then it stops, and leaves nothing behind. */
  async end(): Promise<void> {
    const { node, model } = this;
    Object.assign(node, { reachable: true, refusesStreams: false, data: 'fine', lookUpsFail: false });
    node.status = { headSlot: 0, syncDistance: 0, isSyncing: false, isOptimistic: false, elOffline: false };
    node.holding.clear();
    node.failing.clear();
    node.garbling.clear();
    model.dataIs(true);
    this.executorMode = 'executes';
    while (node.held.length > 0) node.release(0, 'as it is now');
    await this.check('all is well again');
    // One epoch to recover in, one that is regular, and the deadlines of what was begun before.
    const regular = firstSlotOf(epochOf(this.slot) + 2);
    while (this.slot < regular + SLOTS_PER_EPOCH) {
      await this.pass(startOf(this.slot) + 500 - this.clock.now());
      if (this.chain.head.slot < this.slot) {
        this.chain.grow(this.slot);
        node.announce();
      }
      await this.check('a block');
      await this.pass(startOf(this.slot + 1) - this.clock.now());
    }
    const wrong = [...this.#irregular(regular), ...this.#unlikeTheChain(), ...(await this.#leftOver())];
    if (wrong.length > 0) throw new Error(`at the end: ${wrong.join('\n')}\n${this.#story()}`);
  }

  /** In a regular epoch, one request per table that comes to be needed; the sync committee's, once for verification. */
  #irregular(regular: number): string[] {
    const inEpoch = ({ at }: { at: number }) => at >= startOf(regular) && at < startOf(regular + SLOTS_PER_EPOCH);
    const bounds: Readonly<Record<string, number>> = { attester: 1, proposer: 1, 'sync-committee': 2 };
    // Whoever becomes active in it is asked for besides.
    const newcomers = LATECOMERS.filter((validator) => this.model.members.isActive(validator)).length;
    return Object.entries(bounds).flatMap(([method, regularly]) => {
      const bound = regularly + (method === 'proposer' ? 0 : 2 * newcomers);
      const count = this.node.calls.filter((call) => call.method === method && inEpoch(call)).length;
      return count <= bound ? [] : [`${count} requests (${method}) in a regular epoch`];
    });
  }

  /** After a while without troubles the node has shown what the chain holds. */
  #unlikeTheChain(): string[] {
    const epoch = epochOf(this.slot - 1);
    return ROLES.flatMap((role) => {
      const memory = this.model.roles[role];
      const target = role === 'sync-committee' ? Math.floor(epoch / 4) : epoch;
      const shown = memory.shown.get(target);
      if (shown === undefined) return [`${role} ${target} was never shown`];
      const names = (rows: readonly { slot: number | undefined; validator: number }[]) =>
        rows
          .filter(({ validator }) => this.model.members.isActive(validator) && VALIDATORS.includes(validator))
          .map(({ slot, validator }) => `${slot} ${validator}`)
          .toSorted()
          .join();
      const [a, b] = [names(shown.rows), names(this.chain.rows(role, epoch))];
      return a === b ? [] : [`${role} ${target} is [${a}], the chain has [${b}]`];
    });
  }

  async #leftOver(): Promise<string[]> {
    const open = this.model.stories.open().map((story) => `has not ended: ${story}`);
    await this.scheduler.stop('end of the run');
    await this.clock.advanceBy(0);
    const unended = [...this.model.inHand].filter(({ signal }) => !signal.aborted);
    const left: [string, number][] = [
      ['timers', this.clock.pending],
      ['streams', this.node.openStreams],
      ['requests', this.node.open.size],
      ['executions', unended.length],
    ];
    return [
      ...open,
      ...left.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what} outlive the stop`),
    ];
  }

  async #execute(batch: DutyBatch): Promise<ExecutionReport | undefined> {
    const duties = this.model.handOver(batch);
    const finish = (nothingSigned: boolean) => {
      for (const duty of duties) this.model.finished(duty, nothingSigned);
    };
    switch (this.executorMode) {
      case 'executes':
        finish(false);
        return undefined;
      case 'fails':
        finish(false);
        throw new Error('the signers do not agree');
      case 'hangs':
        return new Promise(() => undefined);
      case 'hangs until its signal':
        await Promise.all(duties.map(untilSignalled));
        finish(false);
        return undefined;
      case 'signs nothing':
        finish(true);
        return new Map(
          duties.map(({ validator }) => [
            validator,
            { outcome: 'failed' as const, error: 'nobody answered', nothingSigned: true },
          ]),
        );
    }
  }

  #story(): string {
    const last = this.lines.slice(-30).map((line) => JSON.stringify(line));
    return ['what happened:', ...this.happened.slice(-25), 'the last lines:', ...last].join('\n');
  }
}

function untilSignalled({ signal }: InHand): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
