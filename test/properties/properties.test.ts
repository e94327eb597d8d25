import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { COMMANDS } from './commands.js';
import { PropertyRig, type Proposers, type World } from './property-rig.js';

// The real scheduler against a plain reference, through whatever fast-check thinks of: docs/testing.md says how to run
// more of it, and how to meet a counterexample again.
const number = (name: string): number | undefined => {
  const text = process.env[name];
  return text === undefined ? undefined : Number(text);
};
const RUNS = number('FC_RUNS') ?? 40;
/** Always the same in the suite; another one explores other paths. */
const seed = number('FC_SEED') ?? 4711;
const seconds = number('FC_SECONDS');

const worlds = fc.record<World & { offsetMs: number }>({
  startSlot: fc.integer({ min: 24, max: 60 }),
  offsetMs: fc.constantFrom(0, 100, 5000),
  proposers: fc.constantFrom<Proposers>('ahead', 'ahead', 'before-fulu', 'v2-not-served'),
});

test(
  `whatever happens, the scheduler does what the node's words and the rules demand (${RUNS} runs, seed ${seed})`,
  { timeout: Infinity },
  async () => {
    // A fetch that brings what crashes its role ends after it: XState warns of the late event in its development build.
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const demanded = new Map<string, number>();
    const commands = fc.commands(COMMANDS, {
      maxCommands: 80,
      size: 'max',
      ...(process.env['FC_REPLAY'] && { replayPath: process.env['FC_REPLAY'] }),
    });
    await fc.assert(
      fc.asyncProperty(worlds, commands, async (world, happenings) => {
        const rig = new PropertyRig(world);
        try {
          await rig.start(world.startSlot, world.offsetMs);
          await fc.asyncModelRun(() => ({ model: rig.model, real: rig }), happenings);
          await rig.end();
        } finally {
          await rig.scheduler.stop();
        }
        for (const [kind, count] of rig.model.demanded) demanded.set(kind, (demanded.get(kind) ?? 0) + count);
      }),
      {
        numRuns: RUNS,
        seed,
        ...(seconds !== undefined && { interruptAfterTimeLimit: 1000 * seconds }),
        ...(process.env['FC_PATH'] && { path: process.env['FC_PATH'] }),
      },
    );
    expect([...demanded.values()].filter((count) => count > 0)).toHaveLength(5);
    vi.restoreAllMocks();
  },
);
