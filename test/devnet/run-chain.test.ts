import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { answerRequest } from '../../src/devnet/beacon-api.js';
import { Chain, healthyConditions, NodeView, runChain, Scenario } from '../../src/devnet/index.js';

const START = 1_800_000_000_000;
const SLOT = 2000;

function devnet(options: { genesisTimeMs?: number; scenario?: Scenario } = {}) {
  const clock = new VirtualClock(START);
  const chain = new Chain({ genesisTimeMs: options.genesisTimeMs ?? START, slotDurationMs: SLOT });
  const scenario = options.scenario ?? new Scenario({ seed: 1, missedShare: 0, lateShare: 0 });
  const heads: { slot: number; at: number }[] = [];
  chain.on('head', ({ slot }) => heads.push({ slot, at: clock.now() }));
  return { clock, chain, scenario, heads };
}

describe('the scenario', () => {
  it('gives a slot the same plan every time, by seed', () => {
    const plans = (seed: number) => Array.from({ length: 200 }, (_, slot) => new Scenario({ seed }).planFor(slot));
    expect(plans(1)).toEqual(plans(1));
    expect(plans(1)).not.toEqual(plans(2));
  });

  it('makes blocks on time, late and missed in their windows and shares', () => {
    const scenario = new Scenario({ seed: 3, missedShare: 0.2, lateShare: 0.3 });
    const counts = { missed: 0, late: 0, onTime: 0 };
    for (let slot = 0; slot < 2000; slot += 1) {
      const plan = scenario.planFor(slot);
      if (plan.kind === 'missed') counts.missed += 1;
      else if (plan.arrival >= 0.4 && plan.arrival < 0.9) counts.late += 1;
      else if (plan.arrival >= 0.05 && plan.arrival < 0.25) counts.onTime += 1;
    }
    expect(counts.missed + counts.late + counts.onTime).toBe(2000);
    expect(Math.abs(counts.missed - 400)).toBeLessThan(60);
    expect(Math.abs(counts.late - 600)).toBeLessThan(60);
  });
});

describe('a driven chain', () => {
  it('has each block at its planned time, without drift', async () => {
    const { clock, chain, scenario, heads } = devnet();
    runChain(chain, scenario, clock);
    await clock.advanceBy(50 * SLOT);
    expect(heads.map(({ slot }) => slot)).toEqual(Array.from({ length: 49 }, (_, i) => i + 1));
    for (const { slot, at } of heads) {
      const plan = scenario.planFor(slot);
      const arrival = plan.kind === 'block' ? plan.arrival : NaN;
      expect(at).toBe(START + slot * SLOT + Math.round(arrival * SLOT));
    }
  });

  it('follows the script: missed, late, beyond its slot', async () => {
    const { clock, chain, scenario, heads } = devnet();
    scenario
      .script(2, { kind: 'missed' })
      .script(3, { kind: 'block', arrival: 0.9 })
      // Comes after the block of slot 5: it stays outside the canonical chain.
      .script(4, { kind: 'block', arrival: 1.5 })
      .script(5, { kind: 'block', arrival: 0.1 })
      .script(7, { kind: 'block', arrival: 1.5 })
      .script(8, { kind: 'missed' });
    const blocks: number[] = [];
    chain.on('block', ({ slot }) => blocks.push(slot));
    runChain(chain, scenario, clock);
    await clock.advanceBy(9 * SLOT);
    expect(heads.map(({ slot }) => slot)).toEqual([1, 3, 5, 6, 7]);
    expect(blocks).toEqual([1, 3, 5, 4, 6, 7]);
    expect(heads[4]?.at).toBe(START + 8.5 * SLOT);
    expect(chain.blockAt(4)).toBeUndefined();
  });

  it('carries out a scripted re-org', async () => {
    const { clock, chain, scenario, heads } = devnet();
    scenario.script(10, { kind: 'reorg', arrival: 0.2, depth: 3, replay: true });
    runChain(chain, scenario, clock);
    await clock.advanceBy(11 * SLOT);
    expect(heads.map(({ slot }) => slot)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 7, 8, 9, 10]);
    expect(new Set(heads.slice(-4).map(({ at }) => at))).toEqual(new Set([START + 10.2 * SLOT]));
  });

  it('is where its clock is when genesis lies in the past', async () => {
    const { clock, chain, scenario } = devnet({ genesisTimeMs: START - 20 * SLOT });
    runChain(chain, scenario, clock);
    expect(chain.head.slot).toBe(19);
    await clock.advanceBy(SLOT - 1);
    expect(chain.head.slot).toBe(20);
  });

  it('catches blocks up in the order of their arrival', () => {
    const { clock, chain, scenario } = devnet({ genesisTimeMs: START - 20 * SLOT });
    scenario.script(4, { kind: 'block', arrival: 1.5 }).script(5, { kind: 'block', arrival: 0.1 });
    runChain(chain, scenario, clock);
    expect([chain.head.slot, chain.blockAt(4), chain.blockAt(5)?.slot]).toEqual([19, undefined, 5]);
  });

  it('waits for a genesis in the future', async () => {
    const { clock, chain, scenario, heads } = devnet({ genesisTimeMs: START + 60_000 });
    runChain(chain, scenario, clock);
    await clock.advanceBy(60_000 + SLOT);
    expect(heads).toEqual([]);
    await clock.advanceBy(SLOT);
    expect(heads.map(({ slot }) => slot)).toEqual([1]);
  });

  it('catches up after the clock has jumped ahead', async () => {
    const { clock, chain, scenario } = devnet();
    runChain(chain, scenario, clock);
    await clock.advanceBy(3.5 * SLOT);
    clock.jump(100 * SLOT);
    await clock.advanceBy(SLOT);
    expect(chain.head.slot).toBe(104);
    expect(chain.blockAt(50)).toBeDefined();
  });

  it('neither repeats nor loses a slot after the clock was set back', async () => {
    const { clock, chain, scenario, heads } = devnet();
    runChain(chain, scenario, clock);
    // Before the block of slot 3, whose timer then wakes too early.
    await clock.advanceBy(3.01 * SLOT);
    clock.jump(-SLOT);
    await clock.advanceBy(5.5 * SLOT);
    expect(heads.map(({ slot }) => slot)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    for (const { slot, at } of heads) expect(at).toBeGreaterThan(START + slot * SLOT);
  });

  it('forgets the blocks that nobody can ask for any more, and goes on through re-orgs of any depth', async () => {
    const { clock, chain } = devnet();
    const everBorn: string[] = [];
    chain.on('block', ({ root }) => everBorn.push(root));
    const scenario = new Scenario({ seed: 1, reorgs: { everyEpochs: 3, slotsPerEpoch: 8 } });
    const node = new NodeView(chain, healthyConditions(), () => clock.now());
    const ask = (path: string) =>
      answerRequest(node, { method: 'GET', path, query: new URLSearchParams(), body: undefined });
    const kept: number[] = [];
    runChain(chain, scenario, clock);
    for (const epochs of [100, 300]) {
      await clock.advanceBy(epochs * 8 * SLOT);
      kept.push(everBorn.filter((root) => chain.block(root) !== undefined).length);
    }
    expect(kept[0]).toBeGreaterThan(64 * 8);
    expect(kept[1]).toBeLessThan(kept[0]! * 1.1);
    const epoch = Math.floor(chain.head.slot / 8);
    expect(ask(`/eth/v1/validator/duties/proposer/${epoch - 60}`).status).toBe(200);
    const { status, body } = ask(`/eth/v1/validator/duties/proposer/${epoch - 70}`);
    expect([status, JSON.stringify(body)]).toEqual([
      404,
      expect.stringMatching(/blocks before slot \d+ are forgotten/),
    ]);
  });

  it('stops without a timer left', async () => {
    const { clock, chain, scenario } = devnet();
    const running = runChain(chain, scenario, clock);
    await clock.advanceBy(2 * SLOT);
    const head = chain.head;
    running.stop();
    expect(clock.pending).toBe(0);
    await clock.advanceBy(5 * SLOT);
    expect(chain.head).toBe(head);
  });
});
