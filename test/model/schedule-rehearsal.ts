import type { InspectionEvent } from 'xstate';
import { epochOf } from '../../machines/rules/chain-time.js';
import { createScriptedRig, type ScriptedRig } from '../support/scripted-rig.js';
import { root, type HeldRequest } from '../support/scripted-node.js';
import type { ScheduleEvent } from './schedule-spec.js';

/** First slot of the rehearsal: that of an epoch, of four slots. */
const START = 8;
const SLOTS_PER_EPOCH = 4;
/** Longer than any pause that a path comes to. */
const PAUSE_MS = 800;
/** More than one: requests for a single validator are taken for probes. */
const NEWCOMERS = [11, 12];

/** A real role on a scripted node that plays the events of the spec. */
export class ScheduleRehearsal {
  readonly #rig: ScriptedRig;
  readonly #carried = new Map<number, string>();
  #slot = START;
  #lastRoot = 16;

  constructor(
    private readonly role: 'attester' | 'proposer',
    inspect: (event: InspectionEvent) => void,
    /** Proposals are asked for by v1, which plans nothing ahead. */
    private readonly beforeFulu = false,
  ) {
    this.#rig = createScriptedRig({
      validators: [1, 2],
      chain: {
        slotsPerEpoch: SLOTS_PER_EPOCH,
        ...(beforeFulu && { forkEpochs: { altair: 0, fulu: Infinity, gloas: Infinity } }),
      },
      // Nothing is executed here, and no table of the past is needed for what is late.
      scheduler: { roles: [role], executors: {}, late: 'never', inspect },
    });
    for (let epoch = 1; epoch < 12; epoch++)
      this.#setRoot(epoch, beforeFulu ? lastBlockBefore(epoch) : this.#freshRoot());
  }

  async start(): Promise<void> {
    const { node } = this.#rig;
    await this.#rig.startAt(START);
    this.#carried.set(this.#epoch, node[this.role].get(this.#epoch)!.root);
    this.#head();
    node.hold = (method) => method === this.role;
    await this.#rig.settle();
  }

  get state(): { schedule: string; execution: string } {
    const { schedule, execution } = this.#rig.scheduler.snapshot()!.roles[this.role]!;
    return { schedule, execution };
  }

  async play({ type }: ScheduleEvent): Promise<void> {
    const epoch = type.endsWith('ahead') ? this.#epoch + 1 : this.#epoch;
    switch (type) {
      case 'tick':
        // A stream that is silent for two slots is opened again, and hears nothing meanwhile.
        this.#head();
        await this.#rig.runTo(++this.#slot, 10);
        break;
      case 'head':
        this.#head();
        break;
      case 'reorg-now':
      case 'reorg-ahead':
        this.#setRoot(epoch, this.#freshRoot());
        this.#head();
        break;
      case 'back-now':
      case 'back-ahead':
        this.#setRoot(epoch, this.#carried.get(epoch)!);
        this.#head();
        break;
      case 'answer-now':
      case 'answer-ahead':
        this.#carried.set(epoch, this.#rig.node[this.role].get(epoch)!.root);
        this.#requestFor(epoch).answer();
        break;
      case 'failure-now':
      case 'failure-ahead':
        this.#requestFor(epoch).fail();
        break;
      case 'retry':
        await this.#rig.clock.advanceBy(PAUSE_MS);
        break;
      case 'validators-added':
        for (const index of NEWCOMERS) this.#rig.node.addRecord(index);
        this.#rig.scheduler.send({
          type: 'VALIDATOR_ADDED',
          validators: NEWCOMERS.map((index) => ({ id: String(index) })),
        });
        break;
    }
    await this.#rig.settle();
  }

  stop(): Promise<void> {
    return this.#rig.stop();
  }

  get #epoch(): number {
    return epochOf(this.#rig.chain, this.#slot);
  }

  #freshRoot(): string {
    return root(++this.#lastRoot);
  }

  #setRoot(epoch: number, name: string): void {
    const table = { root: name, duties: [] };
    this.#rig.node.proposer.set(epoch, table);
    // Heads name the roots of the attester tables: before Fulu the current one is that of this epoch's proposals.
    this.#rig.node.attester.set(this.beforeFulu ? epoch + 1 : epoch, table);
  }

  #head(): void {
    this.#rig.node.head(this.#slot);
  }

  /** The one request for a table that is under way. */
  #requestFor(epoch: number): HeldRequest {
    const { held } = this.#rig.node;
    const open = held.filter((request) => request.target === epoch && !request.aborted());
    const request = open.at(-1);
    if (request === undefined) throw new Error(`no request for epoch ${epoch} is under way`);
    held.splice(held.indexOf(request), 1);
    return request;
  }
}

/** Root of proposals by v1: the scripted node's last block before their epoch. */
function lastBlockBefore(epoch: number): string {
  return root(0x80 + epoch * SLOTS_PER_EPOCH - 1);
}
