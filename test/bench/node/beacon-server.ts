/**
 * The beacon node of the wire benchmarks. It runs in a process of its own, and keeps the answers it has made: what is
 * measured is the reader, not the writer.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AttesterAnswers } from './attester-answers.js';
import {
  branchRoot,
  PLAIN_STREAM,
  pubkeyOf,
  rootAt,
  type NodeCommand,
  type NodeReport,
  type NodeSetup,
} from './protocol.js';

/** Where in a slot heads are sent: between these shares of it, to the scheduler and to the plain listener. */
const HEAD_OF_SCHEDULER = [0.04, 0.28] as const;
const HEAD_OF_LISTENER = [0.5, 0.74] as const;

let setup: NodeSetup = { genesisTimeMs: 0, slotDurationMs: 12_000, slotsPerEpoch: 32, validators: 0 };
let answers = new AttesterAnswers(setup);
/** The branch that the next epoch's duties depend on. */
let branch = 0;
const streams = new Map<ServerResponse, 'scheduler' | 'listener'>();

function currentSlot(): number {
  return Math.floor((Date.now() - setup.genesisTimeMs) / setup.slotDurationMs);
}

function spec(): object {
  return {
    SLOT_DURATION_MS: String(setup.slotDurationMs),
    SLOTS_PER_EPOCH: String(setup.slotsPerEpoch),
    EPOCHS_PER_SYNC_COMMITTEE_PERIOD: '256',
    ALTAIR_FORK_EPOCH: '0',
    FULU_FORK_EPOCH: '0',
  };
}

function validator(index: number): object {
  const far = '18446744073709551615';
  const epochs = { activation_eligibility_epoch: '0', activation_epoch: '0', exit_epoch: far, withdrawable_epoch: far };
  return {
    index: String(index),
    balance: '32000000000',
    status: 'active_ongoing',
    validator: { pubkey: pubkeyOf(index), effective_balance: '32000000000', slashed: false, ...epochs },
  };
}

function sendHead(to: 'scheduler' | 'listener'): void {
  const fields = {
    slot: String(currentSlot()),
    state: branchRoot(0),
    epoch_transition: false,
    previous_duty_dependent_root: branchRoot(0),
    current_duty_dependent_root: branchRoot(branch),
    execution_optimistic: false,
  };
  for (const [response, receiver] of streams) {
    if (receiver !== to) continue;
    const data = JSON.stringify({ ...fields, block: rootAt(process.hrtime.bigint()) });
    response.write(`event: head\ndata: ${data}\n\n`);
  }
}

function answer(request: IncomingMessage, body: string, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const json = (value: object) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
  const attesterEpoch = /^\/eth\/v1\/validator\/duties\/attester\/(\d+)$/.exec(path)?.[1];
  if (attesterEpoch !== undefined) {
    const epoch = Number(attesterEpoch);
    const isAhead = epoch > Math.floor(currentSlot() / setup.slotsPerEpoch);
    const parts = answers.of(epoch, isAhead ? branch : 0, body);
    response.writeHead(200, { 'content-type': 'application/json' }).end(parts);
  } else if (path === '/eth/v1/config/spec') json({ data: spec() });
  else if (path === '/eth/v1/beacon/genesis') {
    const genesis = { genesis_time: String(setup.genesisTimeMs / 1000), genesis_validators_root: branchRoot(0) };
    json({ data: { ...genesis, genesis_fork_version: '0x00000000' } });
  } else if (path === '/eth/v1/node/syncing') {
    const status = { is_syncing: false, is_optimistic: false, el_offline: false };
    json({ data: { head_slot: String(currentSlot()), sync_distance: '0', ...status } });
  } else if (path === '/eth/v1/beacon/states/head/validators') {
    const { ids } = JSON.parse(body) as { ids: string[] };
    json({ data: ids.map((id) => validator(Number(id))), execution_optimistic: false, finalized: false });
  } else if (path === '/eth/v1/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    streams.set(response, query.includes(PLAIN_STREAM) ? 'listener' : 'scheduler');
    response.on('close', () => streams.delete(response));
  } else if (path.endsWith('_subscriptions')) response.writeHead(200).end();
  else response.writeHead(404).end();
}

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => answer(request, Buffer.concat(parts).toString(), response));
});

// A connection that the node closes while a request is on its way to it would fail a benchmark.
server.keepAliveTimeout = 3_600_000;

function report(message: NodeReport): void {
  process.send?.(message);
}

function somewhereIn([from, to]: readonly [number, number]): number {
  return (from + Math.random() * (to - from)) * setup.slotDurationMs;
}

async function play(slots: number, refetch: boolean): Promise<void> {
  const until = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms - Date.now()));
  const first = currentSlot() + 1;
  for (let slot = first; slot < first + slots; slot++) {
    const start = setup.genesisTimeMs + slot * setup.slotDurationMs;
    await until(start + somewhereIn(HEAD_OF_SCHEDULER));
    if (refetch && answers.given(branch) >= setup.validators) branch++;
    sendHead('scheduler');
    await until(start + somewhereIn(HEAD_OF_LISTENER));
    sendHead('listener');
  }
  report({ did: 'play' });
}

process.on('message', (command: NodeCommand) => {
  switch (command.do) {
    case 'set-up':
      setup = command.setup;
      answers = new AttesterAnswers(setup);
      server.listen(0, '127.0.0.1', () => report({ did: 'set-up', port: (server.address() as AddressInfo).port }));
      break;
    case 'head':
      if (command.reorg) branch++;
      sendHead('scheduler');
      break;
    case 'play':
      void play(command.slots, command.refetch);
      break;
  }
});
// The benchmark is gone.
process.on('disconnect', () => process.exit(0));
