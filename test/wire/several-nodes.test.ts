import { describe, expect, test, vi } from 'vitest';
import { handedOverBetween, expectExactly } from '../support/oracle.js';
import { onWire } from '../support/wire-rig.js';

// Several beacon nodes over real HTTP: slots of 1 s, 4 per epoch. What happens to the millisecond is tested on the
// virtual clock.
vi.setConfig({ maxConcurrency: 10 });

describe.concurrent('two nodes over real HTTP', () => {
  test(
    'the second takes over when the first dies, nothing is missed, deferred or doubled',
    onWire({ nodeCount: 2 }, async (rig) => {
      const [first, second] = rig.servers;
      await rig.scheduler.start();
      const dies = rig.nextAt(0);
      await rig.until(dies, 500);
      await first!.close();
      await rig.until(dies + 6, -20);
      expectExactly(rig, dies + 1, dies + 5);
      expect(rig.linesOf('duty-deferred')).toEqual([]);
      expect(rig.scheduler.snapshot()!.nodes.map(({ leads }) => leads)).toEqual([false, true]);
      expect(second!.requests.some(({ path }) => path.includes('/duties/attester/'))).toBe(true);
    }),
  );

  test(
    'one that accepts and never answers costs no duty',
    onWire({ nodeCount: 2 }, async (rig) => {
      await rig.scheduler.start();
      const hangs = rig.nextAt(1);
      await rig.until(hangs, 800);
      rig.server.faults.set({ match: /./, action: 'hang' });
      await rig.until(hangs + 6, -20);
      expectExactly(rig, hangs + 1, hangs + 5);
      expect(rig.linesOf('duty-deferred')).toEqual([]);
      const afterItsSlot = handedOverBetween(rig, hangs + 1, hangs + 5).filter(({ offsetMs }) => offsetMs > 950);
      expect(afterItsSlot).toEqual([]);
    }),
  );
});
