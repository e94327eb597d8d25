import type { Role } from '../../machines/rules/duties.js';
import type { LatePolicy } from '../../machines/rules/policy.js';
import type { ValidatorId } from '../../machines/rules/validators.js';
import type { CommandHost } from './command-host.js';
import type { LogFormat } from './flags.js';
import { REPORTING_EXECUTORS } from './reporting-executors.js';
import { runSession } from './scheduler-session.js';

/** The flags of `run`, read. */
export interface RunSettings {
  readonly beaconNode: string;
  readonly validators: readonly ValidatorId[];
  readonly roles: readonly Role[];
  readonly headGraceMs: number;
  readonly participationDelayEpochs: number;
  readonly late: LatePolicy;
  readonly dataDir: string;
  readonly logFormat: LogFormat;
}

/** The scheduler on a real node, until it is asked to stop. */
export async function runCommand(host: CommandHost, { logFormat, ...settings }: RunSettings): Promise<void> {
  await runSession(host, {
    title: 'run',
    logFormat,
    scheduler: { ...settings, executors: REPORTING_EXECUTORS },
  });
}
