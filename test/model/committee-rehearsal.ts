import { epochOf, syncPeriodServing } from '../../machines/rules/chain-time.js';
import { root, type HeldRequest } from '../support/scripted-node.js';
import { createScriptedRig, type ScriptedRig } from '../support/scripted-rig.js';
import type { CommitteeEvent } from './committee-spec.js';
import type { Inspect, Rehearsal } from './play-paths.js';

/** First slot of a period of three epochs of two slots each. */
const START = 6;
/** Longer than any pause that a path comes to. */
const PAUSE_MS = 800;
/** More than one: requests for a single validator are taken for probes. */
const MEMBERS = [1, 2];

/** The real sync-committee role on a scripted node. */
export class CommitteeRehearsal implements Rehearsal<CommitteeEvent> {
  readonly #rig: ScriptedRig;
  #slot = START;
  #lastRoot = 16;

  constructor(inspect: Inspect) {
    this.#rig = createScriptedRig({
      validators: MEMBERS,
      chain: { slotsPerEpoch: 2, epochsPerSyncCommitteePeriod: 3 },
      scheduler: { roles: ['sync-committee'], executors: {}, late: 'never', inspect },
    });
    for (let epoch = 0; epoch < 20; epoch++) this.#setRoot(epoch);
    for (let period = 0; period < 6; period++) this.#rig.node.sync.set(period, MEMBERS);
  }

  async start(): Promise<void> {
    await this.#rig.startAt(START);
    this.#rig.node.head(START);
    this.#rig.node.hold = (method) => method === 'sync';
    await this.#rig.settle();
  }

  get state(): { schedule: string; execution: string } {
    const { schedule, execution } = this.#rig.scheduler.snapshot()!.roles['sync-committee']!;
    return { schedule, execution };
  }

  async play({ type }: CommitteeEvent): Promise<void> {
    const { node, chain, clock, scheduler } = this.#rig;
    const period = syncPeriodServing(chain, this.#slot) + (type.endsWith('ahead') ? 1 : 0);
    switch (type) {
      case 'tick':
        // A head in each slot: a silent stream is opened again, and a re-org needs a head before it.
        node.head(this.#slot);
        await this.#rig.runTo(++this.#slot, 10);
        node.head(this.#slot);
        break;
      case 'head':
        node.head(this.#slot);
        break;
      case 'reorg':
        this.#setRoot(epochOf(chain, this.#slot) + 1);
        node.head(this.#slot);
        break;
      case 'reconnect':
        scheduler.actor!.send({ type: 'RECONNECTED', node: 0 });
        break;
      case 'answer-now':
      case 'answer-ahead':
        this.#requestFor(period).answer();
        break;
      case 'failure-now':
      case 'failure-ahead':
        this.#requestFor(period).fail();
        break;
      case 'retry':
        await clock.advanceBy(PAUSE_MS);
        break;
    }
    await this.#rig.settle();
  }

  stop(): Promise<void> {
    return this.#rig.stop();
  }

  /** Heads name the roots of the attester tables. */
  #setRoot(epoch: number): void {
    this.#rig.node.attester.set(epoch, { root: root(++this.#lastRoot), duties: [] });
  }

  /** The one request for a committee that is under way. */
  #requestFor(period: number): HeldRequest {
    const { held } = this.#rig.node;
    const request = held.findLast((candidate) => candidate.target === period && !candidate.aborted());
    if (request === undefined) throw new Error(`no request for period ${period} is under way`);
    held.splice(held.indexOf(request), 1);
    return request;
  }
}
