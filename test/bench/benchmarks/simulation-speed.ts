import { troublesOf } from '../../simulation/hostility.js';
import { DEFAULT_OPTIONS, SLOTS_PER_EPOCH, type SimulationOptions } from '../../simulation/options.js';
import { simulate } from '../../simulation/simulation.js';
import { carryOut } from '../../simulation/troubles.js';
import { SLOT_MS, World } from '../../simulation/world.js';
import { atMost, ratio, shown, type Benchmark, type Finding } from '../support/benchmark.js';
import { runBare, type BareStep } from '../support/bare-system.js';
import { alternate, ratioOf, summaryOf } from '../support/statistics.js';
import { XstateRecorder } from '../support/xstate-recorder.js';

const EPOCHS = 20;
const REPEATS = 7;

/** The simulation, against XState doing nothing but the same actors and events. */
export const simulationSpeed: Benchmark = {
  name: 'simulation-speed',
  title: 'The simulation',
  run: async () => {
    const options: SimulationOptions = { ...DEFAULT_OPTIONS, epochs: EPOCHS };
    const steps = await record(options);
    const measured = await alternate(
      {
        withoutOracle: () => secondsOf(() => runWorld(options)),
        bare: () => secondsOf(() => runBare(steps)),
        withOracle: () => secondsOf(() => simulate(options)),
      },
      { repeats: REPEATS },
    );
    const speed = (seconds: number[]) => shown(summaryOf(seconds.map((s) => EPOCHS / s)), ' epochs/s');
    const events = steps.filter(({ step }) => step === 'event').length;
    const withOracle: Finding = {
      what: 'with the oracle',
      ours: speed(measured.withOracle),
      against: speed(measured.bare),
      result: ratio(ratioOf(measured.withOracle, measured.bare)).text,
      aim: '',
      met: undefined,
    };
    return [
      atMost(
        `without the oracle against a bare XState loop (${Math.round(events / EPOCHS)} events an epoch)`,
        speed(measured.withoutOracle),
        speed(measured.bare),
        ratio(ratioOf(measured.withoutOracle, measured.bare)),
        3,
      ),
      withOracle,
    ];
  },
};

async function secondsOf(what: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await what();
  return (performance.now() - began) / 1000;
}

/** The simulated world without anybody who checks it. */
async function runWorld(options: SimulationOptions, onSlot: (world: World) => void = () => undefined): Promise<void> {
  const world = new World(options);
  await world.devnet.start();
  world.startScheduler();
  for (let slot = 0; slot < options.epochs * SLOTS_PER_EPOCH; slot++) {
    await advance(world, world.startOf(slot));
    onSlot(world);
    for (const { offsetMs, trouble } of troublesOf(options, slot, SLOT_MS)) {
      await advance(world, world.startOf(slot) + offsetMs);
      carryOut(world, trouble);
    }
    await advance(world, world.startOf(slot + 1) - 1);
    world.endSlot(slot);
  }
  world.stopScheduler();
  await world.devnet.stop();
}

async function advance(world: World, timeMs: number): Promise<void> {
  if (timeMs > world.clock.now()) await world.clock.advanceTo(timeMs);
}

/** Which actors the simulation has, and which events they get. */
async function record(options: SimulationOptions): Promise<BareStep[]> {
  const recorder = new XstateRecorder();
  await runWorld(options, ({ life }) => {
    if (life?.actor !== undefined) recorder.attach(life.actor);
  });
  return recorder.steps;
}
