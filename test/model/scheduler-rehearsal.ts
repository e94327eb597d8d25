import type { InspectionEvent } from 'xstate';
import { BeaconNodeError } from '../../machines/ports.js';
import { epochOf } from '../../machines/rules/chain-time.js';
import { ROLES, type Role } from '../../machines/rules/duties.js';
import { root } from '../support/scripted-node.js';
import { createScriptedRig, type ScriptedRig } from '../support/scripted-rig.js';
import type { SchedulerModelEvent } from './scheduler-spec.js';

const START = 8;
/** A twentieth of a slot of 12 s, and a little. */
const PAUSE_MS = 620;
const METHOD = { attester: 'attester', proposer: 'proposer', 'sync-committee': 'sync' } as const;

/** The real scheduler with its three roles on a scripted node. */
export class SchedulerRehearsal {
  readonly #rig: ScriptedRig;
  #slot = START;
  #lastRoot = 16;
  #contradictions = 0;
  #faulty = false;

  constructor(inspect: (event: InspectionEvent) => void) {
    const random = () => {
      if (this.#faulty) throw new Error('a fault below a role');
      return 0.5;
    };
    this.#rig = createScriptedRig({ scheduler: { executors: {}, late: 'never', random, inspect } });
    this.#nameRoots();
  }

  async start(): Promise<void> {
    await this.#rig.startAt(START);
    this.#rig.node.head(START);
    await this.#rig.settle();
  }

  get state(): unknown {
    const { value } = this.#rig.scheduler.actor!.getSnapshot();
    return Object.fromEntries(ROLES.map((role) => [role, value[role]]));
  }

  /** Roles that have heard of the current slot, of those that run. */
  get abreast(): Role[] {
    const { children } = this.#rig.scheduler.actor!.getSnapshot();
    const slotOf = (role: Role) =>
      (children[role]?.getSnapshot() as { context: { slot: number } } | undefined)?.context.slot;
    return ROLES.filter((role) => slotOf(role) === this.#slot);
  }

  /** What was said of roles that crashed. */
  get told(): string[] {
    return this.#rig.diagnostics.map(({ message }) => message).filter((message) => message.includes('crashed'));
  }

  async play({ type }: SchedulerModelEvent): Promise<void> {
    const { node, scheduler, clock } = this.#rig;
    const actor = scheduler.actor!;
    const role = ROLES.find((name) => type.endsWith(name));
    if (type.startsWith('crash of'))
      actor.send({ type: 'ROLE_CRASHED', role: role!, error: new Error('a decision threw') });
    else if (type.startsWith('crash below')) await this.#failBelow(role!);
    else if (type === 'pause') await clock.advanceBy(PAUSE_MS);
    else if (type === 'tick') {
      node.head(this.#slot);
      await this.#rig.runTo(++this.#slot, 10);
    } else if (type === 'step of the clock') actor.send({ type: 'CLOCK_STEPPED' });
    else if (type === 'head') node.head(this.#slot);
    else if (type === 'contradiction') this.#contradict();
    else if (type === 'break of the stream') node.dropStreams();
    else if (type === 'unfit and fit') {
      actor.send({ type: 'NODE_STATUS', node: 0, answered: true, unfit: 'node-syncing' });
      actor.send({ type: 'NODE_STATUS', node: 0, answered: true, unfit: undefined });
    } else {
      const ids = ['77'];
      scheduler.send({ type: 'VALIDATOR_ADDED', validators: [{ id: '77' }] });
      scheduler.send({ type: 'CLUSTER_LIQUIDATED', ids });
      scheduler.send({ type: 'CLUSTER_REACTIVATED', ids });
      scheduler.send({ type: 'VALIDATOR_EXITED', ids });
      scheduler.send({ type: 'VALIDATOR_REMOVED', ids });
    }
    await this.#rig.settle();
  }

  stop(): Promise<void> {
    return this.#rig.stop();
  }

  /** Has the role ask for a table, the node fail, and the table fetch stumble over it. */
  async #failBelow(role: Role): Promise<void> {
    const { node, scheduler } = this.#rig;
    node.failing = (method) => (method === METHOD[role] ? new BeaconNodeError('http', 'HTTP 500', 500) : undefined);
    this.#faulty = true;
    if (role === 'sync-committee') scheduler.actor!.send({ type: 'RECONNECTED', node: 0 });
    else {
      this.#nameRoots();
      node.head(this.#slot);
    }
    await this.#rig.settle();
    this.#faulty = false;
    node.failing = undefined;
  }

  /** A head names a root that no answer carries, and the duties differ nevertheless. */
  #contradict(): void {
    const { node, chain } = this.#rig;
    const epoch = epochOf(chain, this.#slot);
    const { root: carried } = node.attester.get(epoch)!;
    node.attester.set(epoch, { root: carried, duties: [[this.#slot, 1, ++this.#contradictions]] });
    node.head(this.#slot, { previousDutyDependentRoot: root(++this.#lastRoot) });
  }

  #nameRoots(): void {
    for (let epoch = 0; epoch < 4; epoch++) {
      const table = { root: root(++this.#lastRoot), duties: [] };
      this.#rig.node.attester.set(epoch, table);
      this.#rig.node.proposer.set(epoch, table);
    }
  }
}
