import type { AttestationData, DutyBatch, ExecutionReport, HeadRoot } from '../../machines/ports.js';
import type { Role } from '../../machines/rules/duties.js';
import { root } from '../support/scripted-node.js';
import { createScriptedRig, type ScriptedRig } from '../support/scripted-rig.js';
import { Answers } from './hosted.js';
import type { MembershipEvent } from './membership-spec.js';
import type { Inspect, Rehearsal } from './play-paths.js';

/** Second slot of an epoch of 8: no path leaves it. */
const START = 16;
const SLOT = 17;
/** The due point of a slot of 12 s. */
const DUE_MS = 4000;
/** The one that comes and goes; two others make the role's requests none of a probe's. */
const MEMBER = 1;

/** A real role in a slot in which one validator has a duty, with data and an executor that wait for the path. */
export class MembershipRehearsal implements Rehearsal<MembershipEvent> {
  readonly #rig: ScriptedRig;
  readonly #data: { attestation: Answers<AttestationData>; head: Answers<HeadRoot> } = {
    attestation: new Answers(),
    head: new Answers(),
  };
  readonly #running: { batch: DutyBatch; finish: () => void }[] = [];
  /** Batches that the executor was called with. */
  calls = 0;

  constructor(
    private readonly role: Role,
    inspect: Inspect,
  ) {
    const execute = (batch: DutyBatch) =>
      new Promise<ExecutionReport>((resolve) => {
        this.calls++;
        this.#running.push({ batch, finish: () => resolve(new Map()) });
      });
    this.#rig = createScriptedRig({
      scheduler: { roles: [role], executors: { [role]: execute }, late: 'never', inspect },
    });
    const { node } = this.#rig;
    for (const epoch of [1, 2, 3]) {
      const duties = epoch === 2 ? [[SLOT, MEMBER] as const] : [];
      for (const tables of [node.attester, node.proposer]) tables.set(epoch, { root: root(16 + epoch), duties });
    }
    node.sync.set(0, [MEMBER]);
    node.getAttestationData = () => this.#data.attestation.ask();
    node.getHeadRoot = () => this.#data.head.ask();
  }

  async start(): Promise<void> {
    // In the slot before, the sync committee's validator has a duty too: no data comes, and it is over by the next tick.
    await this.#rig.startAt(START, DUE_MS * 2);
    this.#rig.node.head(START);
    await this.#rig.runTo(SLOT, 10);
  }

  get state(): string {
    return this.#rig.scheduler.snapshot()!.roles[this.role]!.execution;
  }

  get running(): boolean {
    return this.#running.length > 0;
  }

  /** The executor was told to stop with all that it has. */
  get calledOff(): boolean {
    return this.running && this.#running.every(({ batch }) => batch.duties.every(({ signal }) => signal.aborted));
  }

  async play({ type }: MembershipEvent): Promise<void> {
    const { scheduler } = this.#rig;
    const ids = [String(MEMBER)];
    switch (type) {
      case 'due point':
        await this.#rig.runTo(SLOT, DUE_MS);
        break;
      case 'data':
        this.#giveData();
        break;
      case 'done':
        this.#finish();
        break;
      case 'unfit':
      case 'fit':
        scheduler.actor!.send({
          type: 'NODE_STATUS',
          node: 0,
          answered: true,
          unfit: type === 'unfit' ? 'node-syncing' : undefined,
        });
        break;
      case 'removed':
        scheduler.send({ type: 'VALIDATOR_REMOVED', ids });
        break;
      case 'added again':
        scheduler.send({ type: 'VALIDATOR_ADDED', validators: ids.map((id) => ({ id })) });
        break;
      case 'liquidated':
        scheduler.send({ type: 'CLUSTER_LIQUIDATED', ids });
        break;
      case 'reactivated':
        scheduler.send({ type: 'CLUSTER_REACTIVATED', ids });
        break;
    }
    await this.#rig.settle();
  }

  stop(): Promise<void> {
    return this.#rig.stop();
  }

  #finish(): void {
    for (const { finish } of this.#running.splice(0)) finish();
  }

  #giveData(): void {
    const checkpoint = { epoch: 2, root: root(1) };
    const beaconBlockRoot = root(0xbb);
    if (this.role === 'sync-committee') this.#data.head.give({ root: beaconBlockRoot, executionOptimistic: false });
    else this.#data.attestation.give({ slot: SLOT, index: 0, beaconBlockRoot, source: checkpoint, target: checkpoint });
  }
}
