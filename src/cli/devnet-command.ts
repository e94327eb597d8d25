import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '../../machines/rules/duties.js';
import { createDevnet, PortTakenError, type Devnet } from '../devnet/index.js';
import type { HttpAddress } from '../http/http-server.js';
import type { CommandHost } from './command-host.js';
import type { InspectTarget, LogFormat } from './flags.js';
import { REPORTING_EXECUTORS } from './reporting-executors.js';
import { runSession } from './scheduler-session.js';
import { UsageError } from './usage-error.js';

const SLOTS_PER_EPOCH = 8;
const VALIDATOR_COUNT = 64;
/** What there is to see: a re-org in one of so many epochs, and a change of the validators every so many slots. */
const REORG_EVERY_EPOCHS = 3;
const CHANGE_EVERY_SLOTS = 2 * SLOTS_PER_EPOCH;

/** The flags of `devnet`, read. */
export interface DevnetSettings {
  readonly roles: readonly Role[];
  /** Undefined: a temporary folder. */
  readonly dataDir: string | undefined;
  readonly journalEpochs: number;
  /** Undefined: nothing is served. A chain alone has nothing to serve. */
  readonly http: HttpAddress | undefined;
  readonly inspect: InspectTarget | undefined;
  readonly logFormat: LogFormat;
  readonly seed: number;
  readonly slotMs: number;
  /** 0: any free port. */
  readonly beaconPort: number;
  readonly chainOnly: boolean;
}

/** An embedded chain, and the scheduler on it over HTTP, until it is asked to stop. */
export async function devnetCommand(host: CommandHost, settings: DevnetSettings): Promise<void> {
  const { seed, slotMs, beaconPort, chainOnly, inspect } = settings;
  if (chainOnly && inspect !== undefined) throw new UsageError('--inspect: with --chain-only there is no scheduler');
  const devnet = createDevnet({
    seed,
    slotDurationMs: slotMs,
    beaconPort,
    slotsPerEpoch: SLOTS_PER_EPOCH,
    validatorCount: VALIDATOR_COUNT,
    // A chain for others to use keeps to its branch.
    ...(!chainOnly && { scenario: { reorgEveryEpochs: REORG_EVERY_EPOCHS } }),
  });
  await startOn(devnet, beaconPort);
  try {
    if (chainOnly) await serveChain(host, devnet, settings);
    else await runOnDevnet(host, devnet, settings);
  } finally {
    await devnet.stop();
  }
}

async function startOn(devnet: Devnet, port: number): Promise<void> {
  try {
    await devnet.start();
  } catch (error) {
    if (error instanceof PortTakenError) throw new UsageError(`--beacon-port: ${error.message}`);
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') {
      throw new UsageError(`--beacon-port: no permission to listen on port ${port}`);
    }
    throw error;
  }
}

async function serveChain(host: CommandHost, devnet: Devnet, { logFormat, slotMs }: DevnetSettings): Promise<void> {
  const about = `beacon node at ${urlOf(devnet)}: ${slotMs} ms slots, ${SLOTS_PER_EPOCH} per epoch, ${VALIDATOR_COUNT} validators`;
  // With json, stdout is kept for the event log, of which a chain alone has no line.
  if (logFormat === 'json') host.log.say({ level: 'info', message: about });
  else host.stdout.write(`${about}\n`);
  await Promise.race([host.stop.requested, host.crashed]);
}

async function runOnDevnet(host: CommandHost, devnet: Devnet, settings: DevnetSettings): Promise<void> {
  const { roles, dataDir, journalEpochs, http, inspect, logFormat } = settings;
  const temporary = dataDir === undefined ? await mkdtemp(join(tmpdir(), 'ssv-duty-scheduler-')) : undefined;
  try {
    await runSession(host, {
      title: 'devnet',
      inspect,
      logFormat,
      http,
      scheduler: {
        beaconNode: [urlOf(devnet)],
        validators: devnet.changingValidators(CHANGE_EVERY_SLOTS),
        roles,
        dataDir: dataDir ?? temporary!,
        journalEpochs,
        executors: REPORTING_EXECUTORS,
      },
    });
  } finally {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  }
}

function urlOf({ server }: Devnet): string {
  if (server === undefined) throw new Error('the devnet serves nothing');
  return server.url;
}
