import { describe, expect, it } from 'vitest';
import { ParseTurns } from '../../../services/beacon-node/parse-turns.js';

describe('ParseTurns', () => {
  it('gives each caller a turn of the event loop of its own', async () => {
    const turns = new ParseTurns();
    let loop = 0;
    let counting = true;
    const count = () => {
      loop++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    const loops = await Promise.all([1, 2, 3].map(() => turns.next().then(() => loop)));
    counting = false;
    expect(new Set(loops).size).toBe(3);
    expect(loops).toEqual([...loops].sort((a, b) => a - b));
  });
});
