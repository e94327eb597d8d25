import type { Role } from '../../machines/rules/duties.js';
import type { LatePolicy } from '../../machines/rules/policy.js';
import type { SyncProgress } from '../../services/ssv-contract/log-follower.js';
import type { HttpAddress } from '../http/http-server.js';
import type { PreparedValidatorSource } from '../../services/prepared-source.js';
import type { SsvValidatorSourceOptions } from '../../services/ssv-contract/ssv-validator-source.js';
import type { CommandHost } from './command-host.js';
import type { InspectTarget, LogFormat } from './flags.js';
import { REPORTING_EXECUTORS } from './reporting-executors.js';
import { runSession } from './scheduler-session.js';
import type { ValidatorChoice } from './validator-flags.js';

/** The flags of `run`, read. */
export interface RunSettings {
  /** In order of preference. */
  readonly beaconNodes: readonly string[];
  readonly validators: ValidatorChoice;
  readonly roles: readonly Role[];
  readonly headGraceMs: number;
  readonly participationDelayEpochs: number;
  readonly late: LatePolicy;
  readonly dataDir: string;
  readonly journalEpochs: number;
  /** Undefined: nothing is served. */
  readonly http: HttpAddress | undefined;
  readonly inspect: InspectTarget | undefined;
  readonly logFormat: LogFormat;
}

/** The scheduler on real nodes, until it is asked to stop. */
export async function runCommand(
  host: CommandHost,
  { inspect, logFormat, http, beaconNodes, validators: choice, ...settings }: RunSettings,
): Promise<void> {
  const watchers: ((progress: SyncProgress) => void)[] = [];
  const onProgress = (progress: SyncProgress) => watchers.forEach((watch) => watch(progress));
  const validators = 'executionNode' in choice ? await contractSource({ ...choice, onProgress }) : choice;
  await runSession(host, {
    title: 'run',
    inspect,
    logFormat,
    http,
    scheduler: { ...settings, beaconNode: beaconNodes, validators, executors: REPORTING_EXECUTORS },
    watchHistory: (watch) => void watchers.push(watch),
  });
}

/** Loaded only where it is used: the contract's hashes and addresses take a moment to load. */
async function contractSource(options: SsvValidatorSourceOptions): Promise<PreparedValidatorSource> {
  const { createSsvValidatorSource } = await import('../../services/ssv-contract/ssv-validator-source.js');
  return createSsvValidatorSource(options);
}
