/** Whether a measured number grows: a straight line through it, and what that says of a day. */

/** A number at a time, in hours. */
export interface Reading {
  readonly hours: number;
  readonly value: number;
}

export interface Trend {
  readonly mean: number;
  readonly lowest: number;
  readonly highest: number;
  /** What the line adds in 24 hours, and how far off that may be (two standard errors). */
  readonly perDay: number;
  readonly perDayError: number;
}

export type Verdict = 'flat' | 'grows' | 'undecided';

/** Neighbouring readings are alike; the medians of so many stretches are taken for independent of each other. */
const STRETCHES = 20;
/** Readings that a trend needs at least. */
export const LEAST_READINGS = 3 * STRETCHES;

/**
 * Least squares through the medians of twenty equal stretches.
 * @throws RangeError when there are fewer than {@link LEAST_READINGS}
 */
export function trendOf(readings: readonly Reading[]): Trend {
  if (readings.length < LEAST_READINGS)
    throw new RangeError(`${readings.length} readings are too few: ${LEAST_READINGS} at least`);
  const length = Math.floor(readings.length / STRETCHES);
  const points = Array.from({ length: STRETCHES }, (_, i) => middleOf(readings.slice(i * length, (i + 1) * length)));
  const [meanHours, meanValue] = [meanOf(points.map(({ hours }) => hours)), meanOf(points.map(({ value }) => value))];
  const spread = sumOf(points.map(({ hours }) => (hours - meanHours) ** 2));
  const slope = sumOf(points.map(({ hours, value }) => (hours - meanHours) * (value - meanValue))) / spread;
  const rest = sumOf(points.map(({ hours, value }) => (value - meanValue - slope * (hours - meanHours)) ** 2));
  const values = readings.map(({ value }) => value);
  return {
    mean: meanOf(values),
    lowest: Math.min(...values),
    highest: Math.max(...values),
    perDay: 24 * slope,
    perDayError: 2 * 24 * Math.sqrt(rest / (STRETCHES - 2) / spread),
  };
}

/** Flat: it adds at most so much in a day, even where the line is off. Grows: it adds more, even then. */
export function verdictOn({ perDay, perDayError }: Trend, mostPerDay: number): Verdict {
  if (perDay + perDayError <= mostPerDay) return 'flat';
  return perDay - perDayError > mostPerDay ? 'grows' : 'undecided';
}

function middleOf(readings: readonly Reading[]): Reading {
  const middle = (numbers: number[]) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
  return { hours: middle(readings.map(({ hours }) => hours)), value: middle(readings.map(({ value }) => value)) };
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function meanOf(numbers: readonly number[]): number {
  return sumOf(numbers) / numbers.length;
}
