/** What determines a simulated run: the same options give the same run, event by event. */
export interface SimulationOptions {
  readonly epochs: number;
  readonly seed: number;
  readonly validators: number;
  /** Share of slots with a re-org, in ordinary weather. */
  readonly reorgs: number;
  /** Share of slots in which something goes wrong, in ordinary weather. */
  readonly faults: number;
  /** Last slot to run; it shortens a run and changes nothing before. */
  readonly untilSlot?: number;
}

export const DEFAULT_OPTIONS: SimulationOptions = { epochs: 1000, seed: 1, validators: 24, reorgs: 0.04, faults: 0.06 };

/** Of the simulated chain. */
export const SLOTS_PER_EPOCH = 8;

/** The command that runs the same again, up to a slot. */
export function replayCommand(options: SimulationOptions, slot: number): string {
  const flags: [string, number][] = [
    ['epochs', options.epochs],
    ['seed', options.seed],
    ['validators', options.validators],
    ['reorgs', options.reorgs],
    ['faults', options.faults],
    ['until-slot', slot],
  ];
  return `npm run simulate -- ${flags.map(([name, value]) => `--${name} ${value}`).join(' ')}`;
}
