/** Repeats, medians, spreads and ratios. */

/** A measured quantity: the median of its repeats, and where their middle half lies. */
export interface Summary {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly repeats: number;
}

/** The value below which a share of the values lies, interpolated. Throws a `RangeError` without a value. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('nothing was measured');
  const ascending = [...values].sort((a, b) => a - b);
  const at = (ascending.length - 1) * share;
  const below = ascending[Math.floor(at)]!;
  const above = ascending[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}

export function summaryOf(values: readonly number[]): Summary {
  return {
    median: quantile(values, 0.5),
    low: quantile(values, 0.25),
    high: quantile(values, 0.75),
    repeats: values.length,
  };
}

/** `a / b`, repeat by repeat: what slowed the machine down meanwhile slowed both. */
export function ratioOf(a: readonly number[], b: readonly number[]): Summary {
  return summaryOf(a.map((value, i) => value / b[i]!));
}

/** One thing to measure; returns what it measured, in a unit of its own. */
export type Contestant = () => number | Promise<number>;

/**
 * Measures contestants in turn, `repeats` times each, and rotates who is first. `warmUps` rounds come before and do not
 * count.
 */
export async function alternate<Name extends string>(
  contestants: Readonly<Record<Name, Contestant>>,
  { repeats, warmUps = 1 }: { repeats: number; warmUps?: number },
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contestants) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -warmUps; round < repeats; round++) {
    const first = (round + warmUps) % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const value = await contestants[name]();
      if (round >= 0) measured[name].push(value);
    }
  }
  return measured;
}
