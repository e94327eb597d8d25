import { setTimeout as delay } from 'node:timers/promises';
import type { InspectionEvent } from 'xstate';
import { ROLES, type DutyKind } from '../../machines/rules/duties.js';
import type { Slot } from '../../machines/rules/chain-time.js';
import { slotStartMs } from '../../machines/rules/chain-time.js';
import { dueAtMs } from '../../machines/rules/duty-points.js';
import { ConfigurationError } from '../../services/chain-loader.js';
import { parseNodeAddress } from '../../services/beacon-node/node-address.js';
import type { SyncProgress } from '../../services/ssv-contract/log-follower.js';
import { createDutyScheduler, type DutyScheduler, type DutySchedulerOptions } from '../duty-scheduler.js';
import { HttpAddressError, serveHttp, type HttpAddress, type HttpServer } from '../http/http-server.js';
import type { CommandHost } from './command-host.js';
import type { InspectTarget, LogFormat } from './flags.js';
import { withoutControls } from './diagnostics-log.js';
import { openOutput, type Output } from './output/output.js';
import { HeadArrivals } from './output/head-arrivals.js';
import { SchedulerWatch } from '../observability/scheduler-watch.js';
import { noteRestartWindows, restartView } from './restart-notes.js';
import { openInspector, type SessionInspector } from './session-inspector.js';
import { UsageError } from './usage-error.js';
import { messageOf } from '../../machines/rules/message-of.js';

/** For executions under way, and never longer than a slot. */
const LONGEST_GRACE_MS = 5000;
/** After a failure. */
const LONGEST_STOP_MS = 1000;

export interface SessionOptions {
  /** Name of the command, for the view. */
  readonly title: string;
  /** Where the actors are shown; undefined: nowhere. */
  readonly inspect: InspectTarget | undefined;
  readonly logFormat: LogFormat;
  /** Where to serve page, metrics and health; undefined: nowhere. */
  readonly http: HttpAddress | undefined;
  readonly scheduler: Omit<DutySchedulerOptions, 'inspect' | 'beaconNode'> & { readonly beaconNode: readonly string[] };
  /** Lets the output see how far the history of the SSV contract is. */
  readonly watchHistory?: (watch: (progress: SyncProgress) => void) => void;
}

/**
 * Runs a scheduler and shows what it does until somebody asks it to stop. Throws a {@link UsageError} where the
 * scheduler cannot start with what it was given, and whatever nobody caught meanwhile.
 */
export async function runSession(host: CommandHost, options: SessionOptions): Promise<void> {
  const inspector = options.inspect && (await openInspector(options.inspect));
  try {
    await runInspected(host, options, inspector);
  } finally {
    await inspector?.stop();
  }
}

async function runInspected(
  host: CommandHost,
  { title, logFormat, http, scheduler: settings, watchHistory }: SessionOptions,
  inspector: SessionInspector | undefined,
): Promise<void> {
  const arrivals = new HeadArrivals();
  const isLive = logFormat === 'pretty' && host.isScreen(host.stdout);
  const observers = [...(isLive ? [arrivals.inspect] : []), ...(inspector ? [inspector.inspect] : [])];
  const inspect = (event: InspectionEvent) => observers.forEach((observe) => observe(event));
  const scheduler = createDutyScheduler({ ...settings, ...(observers.length > 0 && { inspect }) });
  const nodeUrls = settings.beaconNode.map((address) => parseNodeAddress(address).shown);
  const server = http && (await serve(http, title, scheduler));
  const watch = new SchedulerWatch(scheduler, { now: Date.now });
  const output = openOutput(host, {
    title: server === undefined ? title : `${title} · ${server.url}`,
    logFormat,
    isLive,
    nodeUrls,
    roles: settings.roles ?? ROLES,
    scheduler,
    arrivals,
    restart: () => restartView(watch),
    dueOffset: dueOffsets(scheduler),
  });
  scheduler.on('*', (line) => output.line(line));
  scheduler.on('diagnostic', (diagnostic) => output.diagnostic(diagnostic));
  noteRestartWindows(watch, (diagnostic) => output.restartNote(diagnostic));
  watchHistory?.((progress) => output.history(progress));
  if (server !== undefined) output.diagnostic({ level: 'info', message: `the page is at ${server.url}/` });
  inspector?.reportTo((diagnostic) => output.diagnostic(diagnostic));
  try {
    const reason = await Promise.race([host.stop.requested, host.crashed, startAndStay(scheduler)]);
    await Promise.race([scheduler.stop(reason, { graceMs: graceOf(scheduler) }), host.crashed]);
  } catch (error) {
    throw await afterFailure(error, scheduler, output, nodeUrls);
  } finally {
    watch.close();
    await server?.close();
  }
  output.close({ withSummary: true });
}

async function serve(address: HttpAddress, title: string, scheduler: DutyScheduler): Promise<HttpServer> {
  try {
    return await serveHttp({ ...address, title, scheduler });
  } catch (error) {
    throw error instanceof HttpAddressError ? new UsageError(`--http: ${error.message}`) : error;
  }
}

async function startAndStay(scheduler: DutyScheduler): Promise<never> {
  await scheduler.start();
  return new Promise<never>(() => undefined);
}

/** How long executions under way may take, in ms: a service manager kills whoever takes long. */
function graceOf(scheduler: DutyScheduler): number {
  return Math.min(scheduler.snapshot()?.chain.slotDurationMs ?? 0, LONGEST_GRACE_MS);
}

/** Clears the screen for the message. What cannot be stopped any more is left to the end of the process. */
async function afterFailure(
  error: unknown,
  scheduler: DutyScheduler,
  output: Output,
  nodeUrls: readonly string[],
): Promise<unknown> {
  output.close({ withSummary: false });
  const message = messageOf(error);
  await Promise.race([scheduler.stop(`failed: ${withoutControls(message)}`), delay(LONGEST_STOP_MS)]);
  if (!(error instanceof ConfigurationError)) return error;
  const concernsNode = nodeUrls.some((url) => error.message.startsWith(url));
  return new UsageError(concernsNode ? `--beacon-node: ${error.message}` : error.message);
}

/** Due points of the chain, once it is known. */
function dueOffsets(scheduler: DutyScheduler): (kind: DutyKind, slot: Slot) => number | undefined {
  let chain: NonNullable<ReturnType<DutyScheduler['snapshot']>>['chain'] | undefined;
  return (kind, slot) => {
    chain ??= scheduler.snapshot()?.chain;
    return chain && dueAtMs(chain, kind, slot) - slotStartMs(chain, slot);
  };
}
