import { describe, expect, it } from 'vitest';
import { chunksOf, forEachChunk } from '../../../services/beacon-node/chunks.js';
import { NO_SIGNAL } from './rejection.js';

describe('chunksOf', () => {
  it('cuts without losing or repeating', () => {
    expect(chunksOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(chunksOf(Uint32Array.of(1, 2), 2)).toEqual([Uint32Array.of(1, 2)]);
    expect(chunksOf([], 2)).toEqual([]);
  });
});

describe('forEachChunk', () => {
  const tick = () => new Promise((resolve) => setTimeout(resolve, 1));

  it('has two under way at most, and keeps the order of the results', async () => {
    let underWay = 0;
    let most = 0;
    const results = await forEachChunk([5, 1, 4, 2, 3], NO_SIGNAL, async (chunk) => {
      most = Math.max(most, ++underWay);
      for (let i = 0; i < chunk; i++) await tick();
      underWay--;
      return chunk * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
  });

  it('ends the others on the first failure, and starts no more', async () => {
    const started: number[] = [];
    const ended: number[] = [];
    const call = forEachChunk([1, 2, 3], NO_SIGNAL, async (chunk, signal) => {
      started.push(chunk);
      if (chunk === 2) {
        await tick();
        throw new Error('no');
      }
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          ended.push(chunk);
          reject(new Error('ended'));
        });
      });
    });
    await expect(call).rejects.toThrow('no');
    expect(started).toEqual([1, 2]);
    expect(ended).toEqual([1]);
  });

  it("passes the caller's signal on, also one that fired before", async () => {
    const seen = await forEachChunk([1], AbortSignal.abort(), (_chunk, signal) => Promise.resolve(signal.aborted));
    expect(seen).toEqual([true]);
    const caller = new AbortController();
    const call = forEachChunk([1], caller.signal, async (_chunk, signal) => {
      await tick();
      return signal.aborted;
    });
    caller.abort();
    expect(await call).toEqual([true]);
  });
});
