/**
 * The library's face. `createDutyScheduler` is what most embedders need; machines, rules and services are exported for
 * those who compose their own.
 */
export {
  createDutyScheduler,
  type DutyScheduler,
  type DutySchedulerEvent,
  type DutySchedulerOptions,
  type NodeRequestSeen,
} from './duty-scheduler.js';
export { type RoleSnapshot, type SchedulerSnapshot } from './scheduler-snapshot.js';
export {
  HttpAddressError,
  serveHttp,
  type HttpAddress,
  type HttpServer,
  type HttpServerOptions,
} from './http/http-server.js';
export {
  createStatelyInspector,
  type StatelyInspector,
  type StatelyInspectorOptions,
} from './inspector/stately-inspector.js';
export { InspectorError } from './inspector/inspector-package.js';
export { createDevnet, type Devnet, type DevnetOptions } from './devnet/index.js';

export * from '../machines/ports.js';
export * from '../machines/roles/index.js';
export { beaconNodeMachine } from '../machines/beacon-node.machine.js';
export { dutyExecutionMachine } from '../machines/duty-execution.machine.js';
export { dutyRoleMachine } from '../machines/duty-role.machine.js';
export { createSchedulerMachine } from '../machines/scheduler.machine.js';
export { subscriptionMachine } from '../machines/subscription.machine.js';
export { tableFetchMachine } from '../machines/table-fetch.machine.js';
export { validatorsMachine } from '../machines/validators.machine.js';

export * from '../machines/rules/at-most-once.js';
export * from '../machines/rules/chain-time.js';
export * from '../machines/rules/dependent-roots.js';
export * from '../machines/rules/due-duties.js';
export * from '../machines/rules/duties.js';
export * from '../machines/rules/duty-plan.js';
export * from '../machines/rules/duty-points.js';
export * from '../machines/rules/duty-table.js';
export * from '../machines/rules/event-log.js';
export * from '../machines/rules/late-policy.js';
export * from '../machines/rules/policy.js';
export * from '../machines/rules/registry.js';
export * from '../machines/rules/role-definition.js';
export * from '../machines/rules/validator-changes.js';
export * from '../machines/rules/validators.js';

export { schedulerLogic, startActor, type SchedulerActor, type World } from '../services/actors/scheduler-logic.js';
export { createHttpBeaconNode, type HttpBeaconNodeOptions } from '../services/beacon-node/http-beacon-node.js';
export { ConfigurationError, loadChainSpec } from '../services/chain-loader.js';
export { RealClock } from '../services/clock/real-clock.js';
export { VirtualClock } from '../services/clock/virtual-clock.js';
export type { CommitteeBatch, CommitteeExecutor, CommitteeReport } from '../services/committee-batches.js';
export type { DataDirectory } from '../services/data-directory/data-directory.js';
export { EventLog } from '../services/event-log.js';
export type { PreparedValidatorSource, SourceHealth, SourceSurroundings } from '../services/prepared-source.js';
export type { SyncProgress } from '../services/ssv-contract/log-follower.js';
export { SSV_NETWORKS, type SsvNetwork, type SsvNetworkName } from '../services/ssv-contract/networks.js';
export {
  createSsvValidatorSource,
  type SsvContractChoice,
  type SsvValidatorSourceOptions,
} from '../services/ssv-contract/ssv-validator-source.js';
export * from '../services/entrance/entrance.js';
export * from '../services/entrance/input.js';
export { LiveEntrance } from '../services/entrance/live-entrance.js';
export { readInputs } from '../services/recording/journal-files.js';
export { Replay, type Difference, type ReplayOptions, type ReplayResult } from '../services/recording/replay.js';
export { UnreadableJournal, type RecordedTurn } from '../services/recording/turns.js';
export type * from '../services/explain/explanation.js';
export { staticValidators } from '../services/static-validators.js';
