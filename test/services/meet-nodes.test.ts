import { describe, expect, it } from 'vitest';
import { BeaconNodeError, type BeaconNode } from '../../machines/ports.js';
import type { ChainSpec } from '../../machines/rules/chain-time.js';
import { ConfigurationError } from '../../services/chain-loader.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { meetLater, meetNodes } from '../../services/meet-nodes.js';
import { root, testChain } from '../support/chain.js';

const OURS = testChain();
const OTHER = testChain({ genesisValidatorsRoot: root(5) });
const ABSENT = new BeaconNodeError('unreachable', 'refused');
const NO_BEACON_NODE = new BeaconNodeError('schema', 'answer: expected an object');

function nodeThat(url: string, ...answers: (ChainSpec | BeaconNodeError | 'hang')[]): BeaconNode {
  let asked = 0;
  const getChainSpec = (signal: AbortSignal) => {
    const answer = answers[Math.min(asked++, answers.length - 1)]!;
    if (answer === 'hang') {
      return new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(ABSENT)));
    }
    return answer instanceof BeaconNodeError ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { url, getChainSpec } as BeaconNode;
}

function world() {
  const clock = new VirtualClock(0);
  const said: string[] = [];
  const life = new AbortController();
  const options = {
    clock,
    random: () => 0.5,
    signal: life.signal,
    diagnose: ({ message }: { message: string }) => void said.push(message),
  };
  return { clock, said, life, options };
}

describe('meeting the nodes', () => {
  it('all on one chain', async () => {
    const { options, clock } = world();
    const met = await meetNodes([nodeThat('a', OURS), nodeThat('b', { ...OURS })], options);
    expect(met).toEqual({ chain: OURS, members: new Set([0, 1]), refused: new Set() });
    expect(clock.pending).toBe(0);
  });

  it('starts without those that are away, as soon as each was tried once', async () => {
    const { options } = world();
    const met = await meetNodes([nodeThat('a', ABSENT), nodeThat('b', OURS)], options);
    expect([...met.members]).toEqual([1]);
    expect([...met.refused]).toEqual([]);
  });

  it('gives one that hangs a second', async () => {
    const { options, clock } = world();
    const meeting = meetNodes([nodeThat('a', 'hang'), nodeThat('b', OURS)], options);
    let done = false;
    void meeting.then(() => (done = true));
    await clock.advanceBy(999);
    expect(done).toBe(false);
    await clock.advanceBy(1);
    expect([...(await meeting).members]).toEqual([1]);
  });

  it('waits while nobody is there, and says so', async () => {
    const { options, clock, said } = world();
    const meeting = meetNodes([nodeThat('a', ABSENT, ABSENT, OURS), nodeThat('b', ABSENT)], options);
    await clock.advanceBy(3000);
    expect([...(await meeting).members]).toEqual([0]);
    expect(said.join()).toContain('waiting for the beacon node a');
  });

  it('refuses by name a node on another chain: the chain of most counts, then that of the one preferred', async () => {
    const most = world();
    const metMost = await meetNodes([nodeThat('a', OTHER), nodeThat('b', OURS), nodeThat('c', OURS)], most.options);
    expect([...metMost.refused]).toEqual([0]);
    expect(most.said.join()).toMatch(/^a is on another chain than the other nodes \(genesisValidatorsRoot 0x0+5, not/);
    const tie = world();
    const metTie = await meetNodes([nodeThat('a', OURS), nodeThat('b', OTHER)], tie.options);
    expect([...metTie.refused]).toEqual([1]);
    expect(metTie.chain).toBe(OURS);
  });

  it('refuses by name what is no beacon node, and goes on with the others', async () => {
    const { options, said } = world();
    const met = await meetNodes([nodeThat('a', NO_BEACON_NODE), nodeThat('b', OURS)], options);
    expect([...met.refused]).toEqual([0]);
    expect(said.join()).toContain('a is no beacon node');
  });

  it('ends when no node is left, naming each', async () => {
    const { options } = world();
    const meeting = meetNodes([nodeThat('a', NO_BEACON_NODE), nodeThat('b', NO_BEACON_NODE)], options);
    await expect(meeting).rejects.toThrow(ConfigurationError);
    await expect(meeting).rejects.toThrow(/a is no beacon node.*; b is no beacon node/);
  });

  it('can be given up', async () => {
    const { options, life, clock } = world();
    const meeting = meetNodes([nodeThat('a', ABSENT)], options);
    life.abort(new Error('stopped'));
    await expect(meeting).rejects.toThrow('stopped');
    expect(clock.pending).toBe(0);
  });

  it('one that comes later must be on the same chain', async () => {
    const { options, clock } = world();
    const late = meetLater(nodeThat('a', ABSENT, OURS), OURS, options);
    await clock.advanceBy(1000);
    await late;
    await expect(meetLater(nodeThat('b', OTHER), OURS, options)).rejects.toThrow(/b is on another chain/);
    await meetLater(nodeThat('c', { ...OURS, depositChainId: 5 }), OURS, options);
  });
});
