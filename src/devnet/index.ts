import type { Clock, ValidatorSource } from '../../machines/ports.js';
import { RealClock } from '../../services/clock/real-clock.js';
import { Chain } from './chain.js';
import { changingValidators } from './changing-validators.js';
import { InProcessNode, type InProcessNodeOptions } from './in-process-node.js';
import { healthyConditions, NodeView, type NodeConditions } from './node-view.js';
import type { DevnetParameters } from './parameters.js';
import { runChain, type RunningChain } from './run-chain.js';
import { Scenario, type ScenarioOptions } from './scenario.js';
import { BeaconServer } from './server.js';

export { BeaconServer, PortTakenError, type BeaconServerOptions, type LoggedRequest } from './server.js';
export { Chain, type ChainEvents, type ChainHead, type ChainReorg } from './chain.js';
export type { Block } from './fork-tree.js';
export { Faults, type Fault, type FaultAction } from './faults.js';
export { InProcessNode, type Failure, type InProcessNodeOptions, type NodeMethod } from './in-process-node.js';
export { healthyConditions, NodeView, RefusedRequest, type NodeConditions } from './node-view.js';
export { chainSpecOf, DEFAULT_PARAMETERS, type DevnetParameters, type ForkEpochs } from './parameters.js';
export { fillEmptySlot, reorg, type ReorgOptions } from './reorg.js';
export { runChain, type RunningChain } from './run-chain.js';
export { Scenario, type ScenarioOptions, type SlotPlan } from './scenario.js';
export { Committees, type CommitteePlace } from './shuffling.js';
export { statusAt, type DevnetValidator } from './validator-set.js';

/** Time from the call to genesis, before it is rounded up to a whole second. */
const GENESIS_LEAD_MS = 1000;

export interface DevnetOptions extends Partial<DevnetParameters> {
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  readonly scenario?: Omit<ScenarioOptions, 'seed' | 'reorgs'> & {
    /** A re-org across an epoch boundary in one of so many epochs; default: none. */
    readonly reorgEveryEpochs?: number;
  };
  /** Port of the Beacon API on loopback, 0 for any; without it nothing is served. */
  readonly beaconPort?: number;
  readonly lazyEventHeaders?: boolean;
}

/** An embedded beacon chain, driven on a clock and, where asked for, served over HTTP. */
export interface Devnet {
  readonly chain: Chain;
  readonly scenario: Scenario;
  readonly server: BeaconServer | undefined;
  /** Conditions of the node behind `server`. */
  readonly conditions: NodeConditions;
  /** Another node on the same chain, without HTTP; for the virtual clock. */
  node(options?: Omit<InProcessNodeOptions, 'chain' | 'clock'>): InProcessNode;
  /** A source that tells validators as they come and go, an event every so many slots. */
  changingValidators(everySlots: number): ValidatorSource;
  /** Serves and drives the chain. @throws PortTakenError when the port is in use */
  start(): Promise<void>;
  /** Ends everything: no timer, socket or stream is left. */
  stop(): Promise<void>;
}

/**
 * Creates a devnet; nothing happens before `start`. Without `genesisTimeMs` genesis is a moment ahead.
 * @throws RangeError that names the parameter which cannot be
 */
export function createDevnet(options: DevnetOptions = {}): Devnet {
  const { clock = new RealClock(), scenario: shares, beaconPort, lazyEventHeaders, ...given } = options;
  const genesisTimeMs = given.genesisTimeMs ?? Math.ceil((clock.now() + GENESIS_LEAD_MS) / 1000) * 1000;
  const chain = new Chain({ ...given, genesisTimeMs });
  const { reorgEveryEpochs, ...blocks } = shares ?? {};
  const { seed, slotsPerEpoch } = chain.parameters;
  const reorgs = reorgEveryEpochs === undefined ? undefined : { everyEpochs: reorgEveryEpochs, slotsPerEpoch };
  const scenario = new Scenario({ seed, ...blocks, ...(reorgs && { reorgs }) });
  const conditions = healthyConditions();
  const view = new NodeView(chain, conditions, () => clock.now());
  const server =
    beaconPort === undefined
      ? undefined
      : new BeaconServer({ node: view, clock, port: beaconPort, lazyEventHeaders: lazyEventHeaders ?? true });
  let running: RunningChain | undefined;

  return {
    chain,
    scenario,
    server,
    conditions,
    node: (nodeOptions = {}) => new InProcessNode({ ...nodeOptions, chain, clock }),
    changingValidators: (everySlots) => changingValidators({ chain, clock, everySlots }),
    async start() {
      await server?.start();
      running ??= runChain(chain, scenario, clock);
    },
    async stop() {
      running?.stop();
      running = undefined;
      await server?.close();
    },
  };
}
