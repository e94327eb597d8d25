import { describe, expect, it } from 'vitest';
import { BeaconNodeError, type BeaconNode } from '../../../machines/ports.js';
import { NodePool } from '../../../services/beacon-node/node-pool.js';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import { testChain } from '../../support/chain.js';
import { NO_SIGNAL, rejectionOf } from './rejection.js';

const CHAIN = testChain();
/** Half of min(2 s, slot / 6). */
const HEDGE_MS = 1000;

type Behaviour = 'answer' | 'hang' | BeaconNodeError;

/** Nodes that do as they are told, and the calls that came to each. */
function world(...behaviours: Behaviour[]) {
  const clock = new VirtualClock(CHAIN.genesisTimeMs + 1);
  const nodes = behaviours.map((_, number) => ({ url: `node-${number}` }) as BeaconNode);
  const pool = new NodePool(nodes, CHAIN, clock);
  const asked: { url: string; at: number; signal: AbortSignal }[] = [];
  const start = clock.now();
  const call = ({ url }: BeaconNode, signal: AbortSignal) => {
    asked.push({ url, at: clock.now() - start, signal });
    const behaviour = behaviours[nodes.findIndex((node) => node.url === url)]!;
    if (behaviour === 'answer') return Promise.resolve(url);
    if (behaviour !== 'hang') return Promise.reject(behaviour);
    return new Promise<string>((_, reject) => {
      signal.addEventListener('abort', () => reject(new BeaconNodeError('aborted', `${url} given up`)));
    });
  };
  return { clock, pool, asked, call, behaviours };
}

const unreachable = new BeaconNodeError('unreachable', 'refused');
const http = (status: number) => new BeaconNodeError('http', `HTTP ${status}`, status);

describe('several nodes asked as one', () => {
  it('asks the best one only, while it answers', async () => {
    const { pool, asked, call } = world('answer', 'answer');
    expect(await pool.request('data', call, NO_SIGNAL)).toBe('node-0');
    expect(asked.map(({ url }) => url)).toEqual(['node-0']);
  });

  it('asks in the order it was given', async () => {
    const { pool, call } = world('answer', 'answer', 'answer');
    pool.rank([2, 0]);
    expect(await pool.request('data', call, NO_SIGNAL)).toBe('node-2');
    expect(await pool.request('data', call, NO_SIGNAL, 0)).toBe('node-0');
  });

  it('asks the next one too after half the time budget, takes the first answer and ends the other request', async () => {
    const { pool, asked, call, clock } = world('hang', 'answer');
    const answer = pool.request('data', call, NO_SIGNAL);
    await clock.advanceBy(HEDGE_MS - 1);
    expect(asked).toHaveLength(1);
    await clock.advanceBy(1);
    expect(await answer).toBe('node-1');
    expect(asked.map(({ at }) => at)).toEqual([0, HEDGE_MS]);
    expect(asked[0]!.signal.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('half a quarter of a slot for duties', async () => {
    const { pool, asked, call, clock } = world('hang', 'answer');
    const answer = pool.request('duties', call, NO_SIGNAL);
    await clock.advanceBy(1500);
    await answer;
    expect(asked[1]!.at).toBe(1500);
  });

  it('asks the next one at once when a node fails, which then stays behind for the slot', async () => {
    const { pool, asked, call, clock, behaviours } = world(unreachable, 'answer');
    expect(await pool.request('data', call, NO_SIGNAL)).toBe('node-1');
    behaviours[0] = 'answer';
    expect(await pool.request('data', call, NO_SIGNAL)).toBe('node-1');
    await clock.advanceBy(CHAIN.slotDurationMs);
    expect(await pool.request('data', call, NO_SIGNAL)).toBe('node-0');
    expect(asked.map(({ url }) => url)).toEqual(['node-0', 'node-1', 'node-1', 'node-0']);
  });

  it.each([400, 404, 405])('what the best node answers with %s is an answer: nobody else is asked', async (status) => {
    const { pool, asked, call } = world(http(status), 'answer');
    expect((await rejectionOf(pool.request('duties', call, NO_SIGNAL))).status).toBe(status);
    expect(asked).toHaveLength(1);
  });

  it.each([500, 503])('a node that answers with %s is no obstacle while another one answers', async (status) => {
    const { pool, call } = world(http(status), 'answer');
    expect(await pool.request('duties', call, NO_SIGNAL)).toBe('node-1');
  });

  it('with all of them failing, tells what was answered rather than who could not be reached', async () => {
    const { pool, call } = world(unreachable, http(404));
    expect((await rejectionOf(pool.request('duties', call, NO_SIGNAL))).status).toBe(404);
    const silent = world(unreachable, new BeaconNodeError('timeout', 'late'));
    expect((await rejectionOf(silent.pool.request('duties', silent.call, NO_SIGNAL))).message).toBe('refused');
  });

  it('given up, it ends every request and asks nobody else', async () => {
    const { pool, asked, call, clock } = world('hang', 'hang', 'answer');
    const life = new AbortController();
    const rejection = rejectionOf(pool.request('data', call, life.signal));
    await clock.advanceBy(HEDGE_MS);
    life.abort();
    expect((await rejection).kind).toBe('aborted');
    await clock.advanceBy(10 * HEDGE_MS);
    expect(asked.map(({ url, signal }) => [url, signal.aborted])).toEqual([
      ['node-0', true],
      ['node-1', true],
    ]);
  });

  it('a single node gets the signal itself', async () => {
    const { pool, asked, call } = world('answer');
    const { signal } = new AbortController();
    await pool.request('data', call, signal);
    expect(asked[0]!.signal).toBe(signal);
  });

  it('a node that breaks the promise of its port does not break the pool', async () => {
    const { pool } = world('answer');
    const rejection = await rejectionOf(pool.request('data', () => Promise.reject(new TypeError('odd')), NO_SIGNAL));
    expect([rejection.kind, rejection.message]).toEqual(['schema', 'odd']);
  });
});
