import type { Summary } from './statistics.js';

/** One line of a benchmark's result. */
export interface Finding {
  /** What was measured. */
  readonly what: string;
  /** Ours, and what it is compared with, with their units. */
  readonly ours: string;
  readonly against: string;
  /** The number that the aim speaks of. */
  readonly result: string;
  readonly aim: string;
  /** Undefined where there is no aim. */
  readonly met: boolean | undefined;
}

/** A benchmark: one file in `benchmarks/`, and a line in `benchmarks.ts`. */
export interface Benchmark {
  /** For the command line. */
  readonly name: string;
  readonly title: string;
  /** Runs in a process of its own, started with `--expose-gc`. */
  readonly run: () => Promise<Finding[]>;
}

/** A finding with an upper bound as its aim. */
export function atMost(
  what: string,
  ours: string,
  against: string,
  result: { readonly value: number; readonly text: string },
  bound: number,
  unit = '',
): Finding {
  return { what, ours, against, result: result.text, aim: `≤ ${bound}${unit}`, met: result.value <= bound };
}

/** A finding with a lower bound as its aim. */
export function atLeast(
  what: string,
  ours: string,
  against: string,
  result: { readonly value: number; readonly text: string },
  bound: number,
  unit = '',
): Finding {
  return { what, ours, against, result: result.text, aim: `≥ ${bound}${unit}`, met: result.value >= bound };
}

/** Three significant digits are more than the spread allows. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** `1.23 (1.20–1.31)`: the median, and where the middle half of the repeats lies. */
export function shown({ median, low, high }: Summary, unit = ''): string {
  return `${digits(median)}${unit} (${digits(low)}–${digits(high)})`;
}

/** A ratio, ready for {@link atMost} and {@link atLeast}. */
export function ratio(summary: Summary): { value: number; text: string } {
  return { value: summary.median, text: `${shown(summary)} ×` };
}
