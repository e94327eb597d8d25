import { BeaconNodeError } from '../../machines/ports.js';
import { root, type ScriptedNode } from '../support/scripted-node.js';
import { createScriptedRig, type ScriptedRig } from '../support/scripted-rig.js';
import type { NodesEvent } from './nodes-spec.js';
import type { Inspect, Rehearsal } from './play-paths.js';

const SLOT = 8;
/** A twentieth of a slot of 12 s, and a little. */
const PAUSE_MS = 620;
/** The longest pause between two questions for the chain, and a little. */
const MEETING_MS = 2200;
/** The first pause after a stream broke, and a little. */
const REOPENING_MS = 280;

/** The real scheduler on three scripted nodes. */
export class NodesRehearsal implements Rehearsal<NodesEvent> {
  readonly #rig: ScriptedRig;
  readonly #first: ScriptedNode;
  readonly #second: ScriptedNode;

  constructor(inspect: Inspect) {
    this.#rig = createScriptedRig({ nodeCount: 3, scheduler: { executors: {}, late: 'never', inspect } });
    const [first, second, third] = this.#rig.nodes as [ScriptedNode, ScriptedNode, ScriptedNode];
    this.#first = first;
    this.#second = second;
    second.away = new BeaconNodeError('unreachable', 'ECONNREFUSED');
    this.#makeForeign(third);
  }

  start(): Promise<void> {
    return this.#rig.startAt(SLOT);
  }

  get state(): unknown {
    const { value } = this.#rig.scheduler.actor!.getSnapshot();
    const isNode = ([region]: [string, unknown]) => region.startsWith('beacon-node-');
    return Object.fromEntries(Object.entries(value as Record<string, unknown>).filter(isNode));
  }

  async play({ type }: NodesEvent): Promise<void> {
    switch (type) {
      case 'the second is foreign':
        this.#makeForeign(this.#second);
        await this.#letSecondCome();
        break;
      case 'the second comes':
        await this.#letSecondCome();
        break;
      case 'crash of the first':
        await this.#crash(this.#first);
        break;
      case 'crash of the second':
        await this.#crash(this.#second);
        break;
      case 'pause':
        await this.#rig.clock.advanceBy(PAUSE_MS);
        break;
      case 'head of the second':
        this.#second.head(SLOT);
        break;
    }
    await this.#rig.settle();
  }

  stop(): Promise<void> {
    return this.#rig.stop();
  }

  #makeForeign(node: ScriptedNode): void {
    node.getChainSpec = () => Promise.resolve({ ...this.#rig.chain, genesisValidatorsRoot: root(0x99) });
  }

  async #letSecondCome(): Promise<void> {
    this.#second.away = undefined;
    await this.#rig.clock.advanceBy(MEETING_MS);
  }

  /** A stream that throws when it is opened again, as no sound node does. */
  async #crash(node: ScriptedNode): Promise<void> {
    const { openHeadStream } = node;
    node.openHeadStream = () => {
      throw new Error('a stream that cannot be');
    };
    node.dropStreams();
    await this.#rig.clock.advanceBy(REOPENING_MS);
    node.openHeadStream = openHeadStream;
  }
}
