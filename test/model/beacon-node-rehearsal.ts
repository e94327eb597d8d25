import { fromCallback, fromPromise } from 'xstate';
import { beaconNodeMachine } from '../../machines/beacon-node.machine.js';
import type { NodeMessage, NodeRequest, ProbeRequest, StreamEvent } from '../../machines/beacon-node/node-context.js';
import { BeaconNodeError, type SyncStatus } from '../../machines/ports.js';
import type { ObservedRoots } from '../../machines/rules/dependent-roots.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { heard, root, testChain } from '../support/chain.js';
import type { BeaconNodeModelEvent } from './beacon-node-spec.js';
import { Answers, Hosted } from './hosted.js';
import type { Inspect, Rehearsal } from './play-paths.js';

const CHAIN = testChain();
/** First slot of an epoch, where roots change unannounced; and one where they do not. */
const AT_RISK = 8;
const QUIET = 9;
/** Longer than a quarter of a slot, after which a node that is away is asked again, and than the pauses of a stream. */
const PAUSE_MS = 3100;
const STALL_MS = 2.5 * CHAIN.slotDurationMs;
const IN_SYNC: SyncStatus = {
  headSlot: QUIET,
  syncDistance: 0,
  isSyncing: false,
  isOptimistic: false,
  elOffline: false,
};
const HEAD = {
  slot: QUIET,
  block: root(7),
  previousDutyDependentRoot: root(1),
  currentDutyDependentRoot: root(2),
  epochTransition: false,
  executionOptimistic: false,
};

/** The real actor of a node, which answers when told. */
export class BeaconNodeRehearsal implements Rehearsal<BeaconNodeModelEvent> {
  readonly #clock = new VirtualClock(CHAIN.genesisTimeMs);
  readonly #health = new Answers<SyncStatus>();
  readonly #roots = new Answers<ObservedRoots>();
  readonly #hosted;
  #stream: (event: StreamEvent) => void = () => undefined;

  constructor(inspect: Inspect) {
    const machine = beaconNodeMachine.provide({
      actors: {
        askSyncStatus: fromPromise<SyncStatus, NodeRequest>(() => this.#health.ask()),
        probeRoots: fromPromise<ObservedRoots, ProbeRequest>(() => this.#roots.ask()),
        headStream: fromCallback<StreamEvent, NodeRequest>(({ sendBack }) => {
          this.#stream = sendBack;
        }),
      },
    });
    const input = { node: 0, leads: true, url: 'rehearsed:node', chain: CHAIN, clock: this.#clock, random: () => 0.5 };
    this.#hosted = new Hosted(machine, input, this.#clock, inspect);
  }

  async start(): Promise<void> {
    this.#hosted.start();
    this.#tick(QUIET);
  }

  get state(): unknown {
    return this.#hosted.state;
  }

  /** Last health told; undefined for one that may be trusted, and before the first one. */
  get unfit(): string | undefined {
    const message = this.#hosted.told.findLast(({ type }) => type === 'NODE_STATUS');
    return (message as (NodeMessage & { type: 'NODE_STATUS' }) | undefined)?.unfit;
  }

  /** What else the scheduler was told by the last event. */
  get told(): string {
    return this.#told.find((type) => type !== 'NODE_STATUS') ?? 'nothing';
  }

  #told: readonly string[] = [];

  async play(event: BeaconNodeModelEvent): Promise<void> {
    const before = this.#hosted.told.length;
    await this.#play(event);
    await this.#clock.advanceBy(0);
    this.#told = this.#hosted.told.slice(before).map(({ type }) => type);
  }

  stop(): void {
    this.#hosted.stop();
  }

  async #play({ type }: BeaconNodeModelEvent): Promise<void> {
    switch (type) {
      case 'tick':
        return this.#tick(QUIET);
      case 'tick at risk':
        return this.#tick(AT_RISK);
      case 'in sync':
        return this.#health.give(IN_SYNC);
      case 'syncing':
        return this.#health.give({ ...IN_SYNC, isSyncing: true, syncDistance: 5 });
      case 'unreachable':
        return this.#health.refuse(new BeaconNodeError('unreachable', 'ECONNREFUSED'));
      case 'slow':
        return this.#health.refuse(new BeaconNodeError('timeout', 'no answer'));
      case 'pause':
        return this.#clock.advanceBy(PAUSE_MS);
      case 'silence':
        return this.#clock.advanceBy(STALL_MS);
      case 'alive':
        return this.#stream({ type: 'STREAM_ALIVE' });
      case 'head':
        return this.#stream({ type: 'STREAM_HEAD', head: HEAD });
      case 'malformed':
        return this.#stream({ type: 'STREAM_MALFORMED', error: new BeaconNodeError('schema', 'no slot') });
      case 'break':
        return this.#stream({ type: 'STREAM_CLOSED', error: new BeaconNodeError('unreachable', 'ECONNRESET') });
      case 'roots':
        return this.#roots.give(heard(QUIET, 1, 2));
      case 'no roots':
        return this.#roots.refuse(new BeaconNodeError('http', 'HTTP 500', 500));
      case 'a validator':
      case 'no validator':
        return this.#hosted.actor.send({ type: 'PROBE_WITH', index: type === 'a validator' ? 1 : undefined });
      case 'leads':
      case 'leads no more':
        return this.#hosted.actor.send({ type: 'LEADS', leads: type === 'leads' });
    }
  }

  #tick(slot: number): void {
    this.#hosted.actor.send({ type: 'TICK', slot });
  }
}
