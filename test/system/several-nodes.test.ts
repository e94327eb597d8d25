import { afterEach, describe, expect, test } from 'vitest';
import { BeaconNodeError } from '../../machines/ports.js';
import { root, type ScriptedNode } from '../support/scripted-node.js';
import { createScriptedRig, type ScriptedRig, type ScriptedRigOptions } from '../support/scripted-rig.js';

// Issue: several beacon nodes. Slots of 12 s, 8 per epoch; validators 1, 2, 3 attest in every slot of their own.
const UNREACHABLE = new BeaconNodeError('unreachable', 'refused');
const START = 8;
const DUE_MS = 3999;

let rig: ScriptedRig;
let first: ScriptedNode;
let second: ScriptedNode;
afterEach(() => rig.stop());

/** Tables of the epochs 0 to 5: validator 1 attests in the second slot of each, 2 in the fifth, 3 in the last. */
function writeTables(node: ScriptedNode, firstRoot = 0x10): void {
  for (let epoch = 0; epoch < 6; epoch++) {
    const start = 8 * epoch;
    const duties = [[start + 1, 1] as const, [start + 4, 2] as const, [start + 7, 3] as const];
    node.attester.set(epoch, { root: root(firstRoot + epoch), duties });
    node.proposer.set(epoch, { root: root(firstRoot + epoch), duties: [] });
  }
}

async function start(options: ScriptedRigOptions = {}, before: () => void = () => undefined): Promise<void> {
  rig = createScriptedRig({ nodeCount: 2, ...options });
  [first, second] = rig.nodes as [ScriptedNode, ScriptedNode];
  writeTables(first);
  writeTables(second);
  before();
  await rig.startAt(START);
}

function leader(): string | undefined {
  return rig.scheduler.snapshot()!.nodes.find(({ leads }) => leads)?.url;
}

function triggers(): string[] {
  return rig.linesOf('duty-due').map(({ role, slot, trigger, offsetMs }) => `${role} ${slot} ${trigger} ${offsetMs}`);
}

describe('what is asked of whom', () => {
  test('duties, probes and data come from the first, subscriptions go to all', async () => {
    await start();
    await rig.runTo(16, 6000);
    expect(second.requests).toEqual([]);
    expect(second.dataAskedFor).toEqual([]);
    expect(first.requestsFor('attester', 1)).toBe(1);
    expect(second.beaconSubscriptions).toEqual(first.beaconSubscriptions);
    expect(second.beaconSubscriptions.length).toBeGreaterThan(0);
  });

  test('a node that takes no subscriptions holds up no other', async () => {
    await start({}, () => {
      first.subscribeBeaconCommittees = () => Promise.reject(new BeaconNodeError('http', 'HTTP 500', 500));
    });
    await rig.runTo(12);
    expect(second.beaconSubscriptions.length).toBeGreaterThan(0);
    expect(rig.diagnostics.filter(({ message }) => message.startsWith('subscriptions')).length).toBeGreaterThan(1);
  });

  test('duties that the first does not answer in time are asked of the second after half their budget', async () => {
    await start({}, () => {
      first.hold = () => true;
    });
    await rig.runTo(START, 1499);
    expect(second.requests).toEqual([]);
    await rig.runTo(START, 1501);
    expect(new Set(second.requests.map(({ method }) => method))).toEqual(new Set(['attester', 'proposer', 'sync']));
    expect(first.held.every((request) => request.aborted())).toBe(true);
    await rig.runTo(START + 2);
    expect(rig.ran('attester')).toEqual(['9:1']);
  });
});

describe('heads', () => {
  test('the first head for a slot triggers, whoever tells it, and its node is asked for the data', async () => {
    await start();
    await rig.runTo(9, 500);
    second.head(9);
    await rig.runTo(9, 800);
    first.head(9);
    await rig.runTo(9, DUE_MS + 1);
    expect(triggers()).toContain('attester 9 head 500');
    expect([first.dataAskedFor, second.dataAskedFor]).toEqual([[], [9]]);
    expect(rig.ran('attester')).toEqual(['9:1']);
  });

  test('a second node that lags behind is no re-org', async () => {
    await start();
    await rig.runTo(15, 500);
    first.head(15);
    await rig.runTo(16, 500);
    first.head(16);
    const asked = first.requests.length;
    // It is still in the last epoch, with other roots, and behind.
    second.head(14, { previousDutyDependentRoot: root(0x71), currentDutyDependentRoot: root(0x72) });
    second.head(15, { previousDutyDependentRoot: root(0x71), currentDutyDependentRoot: root(0x73) });
    await rig.settle();
    expect(rig.linesOf('reorg')).toEqual([]);
    expect(first.requests.length).toBe(asked);
  });

  test('a node that is syncing does not trigger', async () => {
    await start();
    await rig.runTo(8, 6000);
    second.status = { ...second.status, isSyncing: true, syncDistance: 50 };
    await rig.runTo(9, 500);
    second.head(9);
    await rig.runTo(9, DUE_MS + 1);
    expect(triggers()).toContain(`attester 9 deadline ${DUE_MS}`);
  });
});

describe('a node that fails', () => {
  test('nothing is deferred while another one is well, and its duties are verified there', async () => {
    await start();
    await rig.runTo(11, 6000);
    first.away = UNREACHABLE;
    first.dropStreams();
    await rig.runTo(12, 300);
    second.head(12);
    await rig.runTo(13);
    expect(leader()).toBe('scripted:node-2');
    expect(rig.ran('attester')).toEqual(['9:1', '12:2']);
    expect(rig.linesOf('duty-deferred')).toEqual([]);
    expect(triggers()).toContain('attester 12 head 300');
    // Both epochs by the probe, the look-ahead of the middle of the epoch, and the probe that comes with it.
    const asked = second.requests.filter(({ method }) => method === 'attester').map(({ target }) => target);
    expect(asked).toEqual([1, 2, 2, 1, 2]);
    // The sync committee carries no root: it is fetched again.
    expect(
      rig
        .linesOf('duties-fetched')
        .filter(({ cause }) => cause === 'reconnect')
        .map(({ role }) => role),
    ).toEqual(['sync-committee']);
    expect(rig.linesOf('beacon-node').map(({ url, status }) => `${url} ${status}`)).toEqual([
      'scripted:node connected',
      'scripted:node-2 connected',
      'scripted:node lost',
    ]);
  });

  test('the tables of a new leader that sees another chain are fetched again from it', async () => {
    await start({}, () => writeTables(second, 0x40));
    await rig.runTo(10, 6000);
    first.away = UNREACHABLE;
    first.dropStreams();
    await rig.runTo(11, 6000);
    expect(leader()).toBe('scripted:node-2');
    const refetched = rig.linesOf('duties-fetched').filter(({ cause }) => cause === 'reorg');
    expect(refetched.map(({ role, dependentRoot }) => `${role} ${dependentRoot}`)).toContain(`attester ${root(0x41)}`);
    await rig.runTo(13);
    expect(rig.ran('attester')).toEqual(['9:1', '12:2']);
  });

  test('it leads again only after it has been well for eight slots', async () => {
    await start();
    await rig.runTo(10, 6000);
    first.away = UNREACHABLE;
    first.dropStreams();
    await rig.runTo(12, 6000);
    first.away = undefined;
    await rig.runTo(19, 6000);
    expect(leader()).toBe('scripted:node-2');
    await rig.runTo(20, 6000);
    expect(leader()).toBe('scripted:node');
    await rig.runTo(25);
    expect(rig.ran('attester')).toEqual(['9:1', '12:2', '15:3', '17:1', '20:2', '23:3']);
    expect(rig.linesOf('reorg')).toEqual([]);
  });

  test('one that accepts and never answers costs a request its budget, and the lead after two silent slots', async () => {
    await start();
    await rig.runTo(8, 6000);
    first.away = 'never';
    await rig.runTo(9, 300);
    // Nobody but the silent one sends the head: its data is asked there first.
    first.head(9);
    await rig.runTo(9, 300 + 1000 + 1);
    expect([first.dataAskedFor, second.dataAskedFor]).toEqual([[9], [9]]);
    await rig.runTo(11, 6001);
    expect(leader()).toBe('scripted:node-2');
    await rig.runTo(13);
    expect(rig.ran('attester')).toEqual(['9:1', '12:2']);
    expect(rig.linesOf('duty-deferred')).toEqual([]);
  });

  test('with none of them fit, duties are deferred for what the best of them says', async () => {
    await start();
    await rig.runTo(11, 6000);
    first.away = UNREACHABLE;
    first.dropStreams();
    second.status = { ...second.status, isSyncing: true, syncDistance: 50 };
    await rig.runTo(13);
    expect(rig.linesOf('duty-deferred').map(({ role, slot, reason }) => `${role} ${slot} ${reason}`)).toContain(
      'attester 12 node-syncing',
    );
    second.status = { ...second.status, isSyncing: false, syncDistance: 0 };
    await rig.runTo(14);
    expect(rig.ran('attester')).toEqual(['9:1', '12:2']);
  });
});

describe('who takes part', () => {
  test('a node that is absent at the start is taken in when it comes, and subscribed', async () => {
    await start({}, () => {
      second.away = UNREACHABLE;
    });
    await rig.runTo(10, 6000);
    expect(rig.scheduler.snapshot()!.nodes.map(({ joined }) => joined)).toEqual([true, false]);
    expect(second.beaconSubscriptions).toEqual([]);
    second.away = undefined;
    await rig.runTo(11, 6000);
    expect(rig.scheduler.snapshot()!.nodes.map(({ joined }) => joined)).toEqual([true, true]);
    expect(second.beaconSubscriptions.length).toBeGreaterThan(0);
    second.head(12);
    await rig.runTo(12, 500);
    expect(triggers().filter((trigger) => trigger.startsWith('attester 12'))).toEqual(['attester 12 head 0']);
  });

  test('one that turns out to be on another chain is left out, by name', async () => {
    await start({}, () => {
      second.away = UNREACHABLE;
    });
    second.getChainSpec = () => Promise.resolve({ ...rig.chain, genesisValidatorsRoot: root(0x99) });
    await rig.runTo(10, 6000);
    expect(rig.diagnostics.map(({ message }) => message).join('\n')).toMatch(/scripted:node-2 is on another chain/);
    second.away = undefined;
    await rig.runTo(14);
    expect(second.beaconSubscriptions).toEqual([]);
    expect(rig.scheduler.snapshot()!.nodes[1]!.joined).toBe(false);
  });

  test('a node whose actor crashes is restarted alone', async () => {
    await start();
    second.openHeadStream = () => {
      throw new Error('a stream that cannot be');
    };
    await rig.runTo(9);
    second.dropStreams();
    await rig.runTo(13);
    expect(rig.ran('attester')).toEqual(['9:1', '12:2']);
    expect(rig.scheduler.actor!.getSnapshot().status).toBe('active');
    expect(rig.diagnostics.map(({ message }) => message).join()).toContain('scripted:node-2: its actor crashed');
  });
});
