import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { slotAt, slotStartMs, type Slot } from '../../machines/rules/chain-time.js';
import { createDevnet, type Devnet } from '../../src/devnet/index.js';
import { RandomStream } from '../../src/devnet/deterministic-random.js';
import { ChildCommands } from '../support/child-commands.js';
import { ChainRecord } from './chain-record.js';
import { ComingsAndGoings } from './comings-and-goings.js';
import { ContractChain } from './contract-chain.js';
import { DutyStories } from './duty-stories.js';
import type { FaultTarget, NodeFault, PlannedFault } from './fault-plan.js';
import { FaultyProxy } from './faulty-proxy.js';
import { judge, type Judgement } from './judgement.js';
import { watchProcessor } from './processor-watch.js';
import { SchedulerProcess, type HeardLine } from './scheduler-process.js';
import { Weather, type InjectedFault } from './weather.js';

const SLOTS_PER_EPOCH = 8;
const CHAIN_ID = 31337;
const REORG_EVERY_EPOCHS = 4;
/** Slots between two changes of the validators. */
const CHANGE_EVERY_SLOTS = 24;
/** Slots without a fault before the first, and after the last: what is late is made up there. */
const CALM_SLOTS = SLOTS_PER_EPOCH;
/** Part of a slot without a processor, in one piece, with which nothing is demanded in that slot and the next. */
const BUSY_SHARE = 0.1;
const START_PATIENCE_MS = 30_000;

export interface ChaosOptions {
  /** Path of the compiled command. */
  readonly command: string;
  /** Of the chain, and of what happens to validators and answers. */
  readonly seed: number;
  readonly slotMs: number;
  /** Slots in which faults may begin. */
  readonly slots: number;
  readonly plan: readonly PlannedFault[];
  readonly onFault?: (fault: PlannedFault) => void;
}

export interface ChaosResult extends Judgement {
  readonly faults: readonly InjectedFault[];
  readonly doubled: readonly string[];
  readonly lines: readonly HeardLine[];
  /** Unix ms of a slot's start. */
  readonly startOf: (slot: Slot) => number;
  /** Ms in which the machine had no processor for us. */
  readonly busyMs: number;
  readonly memberChanges: number;
  readonly reorgs: number;
  /** Of the command, asked to stop at the end; null where it did not live until then. */
  readonly exitCode: number | null;
  /** The end of what it wrote there. */
  readonly stderr: string;
}

/**
 * Runs the command with two nodes and the contract on a chain of its own, in which one fault follows another, and holds
 * what it did against the chain.
 */
export async function chaosRun(options: ChaosOptions): Promise<ChaosResult> {
  const { command, seed, slotMs, slots, plan } = options;
  const random = new RandomStream('chaos-run', seed);
  const folder = mkdtempSync(join(tmpdir(), 'chaos-'));
  const commands = new ChildCommands(command, folder);
  const contract = new ContractChain(CHAIN_ID);
  const devnet = createDevnet({
    seed,
    slotDurationMs: slotMs,
    slotsPerEpoch: SLOTS_PER_EPOCH,
    chainId: CHAIN_ID,
    beaconPort: 0,
    scenario: { reorgEveryEpochs: REORG_EVERY_EPOCHS },
  });
  const processor = watchProcessor();
  const proxies: FaultyProxy[] = [];
  try {
    await Promise.all([devnet.start(), contract.start()]);
    const openProxy = async (target: string) => {
      const proxy = new FaultyProxy({ target, random: () => random.fraction(), againMs: slotMs / 2 });
      await proxy.start();
      proxies.push(proxy);
      return proxy;
    };
    const [first, second, execution] = [
      await openProxy(devnet.server!.url),
      await openProxy(devnet.server!.url),
      await openProxy(contract.url),
    ];
    const publicKeys = [...devnet.chain.validators].map(({ pubkey }) => pubkey);
    const members = new ComingsAndGoings(publicKeys, contract, new RandomStream('members', seed));
    const scheduler = new SchedulerProcess(commands, [
      ...['run', '--beacon-node', first.url, '--beacon-node', second.url],
      ...['--execution-node', execution.url, '--contract', contract.contract, '--contract-start-block', '0'],
      ...['--follow-distance', '0', '--data-dir', join(folder, 'data'), '--http', 'off', '--log-format', 'json'],
    ]);
    await untilStarted(scheduler);

    const { parameters } = devnet.chain;
    const record = new ChainRecord(devnet.chain, Date.now);
    let reorgs = 0;
    devnet.chain.on('chain_reorg', () => reorgs++);
    const firstSlot = Math.max(0, slotAt(parameters, Date.now())) + CALM_SLOTS;
    const until = firstSlot + slots;
    const { injected, over } = inject(plan, slotStartMs(parameters, firstSlot), slotMs, {
      nodes: { 'node-1': first, 'node-2': second, 'execution-node': execution },
      scheduler,
      onFault: options.onFault,
    });
    await everySlot(devnet, firstSlot, until + CALM_SLOTS, scheduler, (slot) => {
      record.noteSlot(slot, (validator) => members.isActive(validator));
      if (slot % CHANGE_EVERY_SLOTS === 0 && slot < until) members.happen();
    });
    await over;
    // The attestations of the last slots may still be late.
    await delay(scheduler.ended ? 0 : SLOTS_PER_EPOCH * slotMs);
    const hasLived = !scheduler.ended;
    const exitCode = await scheduler.stop();
    record.close();
    const stories = new DutyStories(scheduler.lines, SLOTS_PER_EPOCH);
    const weather = new Weather(injected, [...processor.stop(), ...scheduler.starved], BUSY_SHARE * slotMs);
    const { changes: memberChanges } = members;
    return {
      ...judge({ chain: parameters, record, memberChanges, stories, weather }),
      faults: injected,
      doubled: stories.doubled,
      lines: scheduler.lines,
      startOf: (slot) => slotStartMs(parameters, slot),
      busyMs: weather.busyMs,
      memberChanges: memberChanges.length,
      reorgs,
      exitCode: hasLived ? exitCode : null,
      stderr: scheduler.stderr,
    };
  } finally {
    processor.stop();
    await commands.clear();
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await Promise.all([devnet.stop(), contract.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function untilStarted(scheduler: SchedulerProcess): Promise<void> {
  const patience = Date.now() + START_PATIENCE_MS;
  while (!scheduler.lines.some(({ type }) => type === 'scheduler-started')) {
    if (scheduler.ended || Date.now() > patience) throw new Error(`the command did not start: ${scheduler.stderr}`);
    await delay(20);
  }
}

/** Calls back at the end of each slot, `from` to `to`; stops when the command has ended. */
async function everySlot(
  { chain: { parameters } }: Devnet,
  from: Slot,
  to: Slot,
  scheduler: SchedulerProcess,
  slotEnds: (slot: Slot) => void,
): Promise<void> {
  for (let slot = from; slot < to && !scheduler.ended; slot++) {
    await delay(Math.max(0, slotStartMs(parameters, slot + 1) - Date.now()));
    slotEnds(slot);
  }
}

interface Field {
  readonly nodes: Readonly<Record<Exclude<FaultTarget, 'scheduler'>, FaultyProxy>>;
  readonly scheduler: SchedulerProcess;
  readonly onFault: ChaosOptions['onFault'];
}

/** Lets each fault happen in its time; `over` when the last one is. */
function inject(planned: readonly PlannedFault[], startMs: number, slotMs: number, field: Field) {
  const injected: InjectedFault[] = [];
  const happen = async (fault: PlannedFault) => {
    const begin = startMs + fault.from * slotMs;
    await delay(Math.max(0, begin - Date.now()));
    if (field.scheduler.ended) return;
    field.onFault?.(fault);
    const from = Date.now();
    const end = await beginFault(fault, slotMs, field);
    await delay(Math.max(0, begin + fault.lasts * slotMs - Date.now()));
    await end();
    // A clock that is set back shows the same slots again, and they do not count twice.
    injected.push({ kind: fault.kind, target: fault.target, from, to: Date.now() + Math.max(0, fault.step) * slotMs });
  };
  return { injected, over: Promise.all(planned.map(happen)) };
}

async function beginFault(
  { kind, target, step }: PlannedFault,
  slotMs: number,
  { nodes, scheduler }: Field,
): Promise<() => void | Promise<void>> {
  switch (kind) {
    case 'stall':
      return scheduler.stall();
    case 'disk-full':
      return scheduler.fillDisk();
    case 'clock-step':
      return scheduler.stepClock(Math.round(step * slotMs));
    default:
      return nodes[target as keyof Field['nodes']].begin(kind satisfies NodeFault);
  }
}
