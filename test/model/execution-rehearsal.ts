import type { AnyActorRef } from 'xstate';
import { BeaconNodeError, type DutyBatch, type ExecutionReport } from '../../machines/ports.js';
import { createScriptedRig, type ScriptedRig } from '../support/scripted-rig.js';
import { root, type ScriptedDuty } from '../support/scripted-node.js';
import type { Role } from '../../machines/rules/duties.js';
import type { ExecutionModelEvent } from './execution-spec.js';
import type { Inspect, Rehearsal } from './play-paths.js';

/** First slot of an epoch of 32 slots, not of a period's last two: no path comes to the epoch's middle. */
const START = 64;
const EPOCH = 2;
/** The attestation due point of a slot of 12 s. */
const DUE_MS = 4000;

/**
 * A real role with a duty in every odd slot, or a sync committee with one in every slot, and an executor that comes back
 * when told, or when it is called off.
 */
export class ExecutionRehearsal implements Rehearsal<ExecutionModelEvent> {
  readonly #rig: ScriptedRig;
  readonly #executions = new Set<() => void>();
  #duties: readonly ScriptedDuty[] = Array.from({ length: 16 }, (_, i) => [START + 2 * i + 1, i] as const);
  #slot = START;
  #lastRoot = 16;
  #faulty = false;

  constructor(
    private readonly role: Role,
    inspect: Inspect,
  ) {
    const random = () => {
      if (this.#faulty) throw new Error('a fault in a batch');
      return 0.5;
    };
    const execute = ({ duties }: DutyBatch) =>
      new Promise<ExecutionReport>((resolve) => {
        const finish = () => {
          this.#executions.delete(finish);
          resolve(new Map());
        };
        this.#executions.add(finish);
        duties[0]!.signal.addEventListener('abort', finish);
      });
    this.#rig = createScriptedRig({
      validators: this.#duties.map(([, validator]) => validator),
      chain: { slotsPerEpoch: 32, epochsPerSyncCommitteePeriod: 8 },
      scheduler: { roles: [role], executors: { [role]: execute }, late: 'never', random, inspect },
    });
    this.#rig.node.sync.set(0, [0, 1]);
    this.#setTable();
  }

  async start(): Promise<void> {
    await this.#rig.startAt(START);
    this.#oldHead();
    this.#rig.node.hold = (method) => method === this.role;
    await this.#rig.settle();
  }

  get state(): { schedule: string; execution: string } {
    const { schedule, execution } = this.#rig.scheduler.snapshot()!.roles[this.role]!;
    return { schedule, execution };
  }

  /** Batches that are with the executor. */
  get running(): boolean {
    return this.#executions.size > 0;
  }

  async play({ type }: ExecutionModelEvent): Promise<void> {
    const { node } = this.#rig;
    switch (type) {
      case 'tick':
      case 'tick with a duty': {
        const parity = type === 'tick' ? 0 : 1;
        do await this.#tick();
        while (this.role !== 'sync-committee' && this.#slot % 2 !== parity);
        break;
      }
      case 'head':
        node.head(this.#slot);
        this.#headOfAnotherNode();
        break;
      case 'due point':
        await this.#rig.runTo(this.#slot, DUE_MS);
        break;
      case 'step beyond the due point':
        this.#rig.clock.jump(DUE_MS);
        await this.#rig.clock.advanceBy(1000);
        break;
      case 'unfit':
      case 'fit': {
        const isSyncing = type === 'unfit';
        node.status = { ...node.status, isSyncing, syncDistance: isSyncing ? 10 : 0 };
        const unfit = isSyncing ? 'node-syncing' : undefined;
        this.#rig.scheduler.actor!.send({ type: 'NODE_STATUS', node: 0, answered: true, unfit });
        break;
      }
      case 'reorg':
        this.#setTable();
        this.#oldHead();
        break;
      case 'answer without the duty':
        this.#duties = this.#duties.filter(([slot]) => slot !== this.#slot);
        this.#setDuties();
        this.#answer();
        break;
      case 'answer':
        this.#answer();
        break;
      case 'crash':
        await this.#crash();
        break;
      case 'done':
        for (const finish of [...this.#executions]) finish();
        break;
    }
    await this.#rig.settle();
  }

  /** The second head of a slot, whoever tells it, triggers nothing. */
  #headOfAnotherNode(): void {
    const head = {
      slot: this.#slot,
      block: this.#rig.node.headBlock,
      previousDutyDependentRoot: root(0x70),
      currentDutyDependentRoot: root(0x71),
      epochTransition: false,
      executionOptimistic: false,
    };
    const { children } = this.#rig.scheduler.actor!.getSnapshot();
    (children[this.role] as AnyActorRef).send({ type: 'OTHER_HEAD', node: 1, head, at: this.#rig.clock.now() });
  }

  stop(): Promise<void> {
    return this.#rig.stop();
  }

  async #tick(): Promise<void> {
    // A stream that is silent for two slots is opened again, and hears nothing meanwhile.
    this.#oldHead();
    await this.#rig.runTo(++this.#slot, 10);
  }

  /** Names the roots, triggers nothing, and leaves the data's head alone. */
  #oldHead(): void {
    const { node } = this.#rig;
    const { headBlock } = node;
    node.head(START);
    node.headBlock = headBlock;
  }

  #setTable(): void {
    this.#lastRoot++;
    this.#setDuties();
  }

  #setDuties(): void {
    const { node } = this.#rig;
    const table = { root: root(this.#lastRoot), duties: this.#duties };
    // Both roots of a head are those of the attester tables, whatever the role.
    node.attester.set(EPOCH, table);
    node.attester.set(EPOCH + 1, { root: root(this.#lastRoot + 0x40), duties: [] });
    node.proposer.set(EPOCH, table);
  }

  #answer(): void {
    const { held } = this.#rig.node;
    held
      .filter((request) => !request.aborted())
      .at(-1)!
      .answer();
    held.length = 0;
  }

  /** The data fails, and so does the jitter of its retry: the batch's own actor stumbles. */
  async #crash(): Promise<void> {
    const { node } = this.#rig;
    const { getAttestationData, getHeadRoot } = node;
    const refuse = () => Promise.reject(new BeaconNodeError('http', 'HTTP 500', 500));
    Object.assign(node, { getAttestationData: refuse, getHeadRoot: refuse });
    this.#faulty = true;
    node.head(this.#slot);
    await this.#rig.settle();
    this.#faulty = false;
    Object.assign(node, { getAttestationData, getHeadRoot });
  }
}
