import type { ChaosResult } from './chaos-run.js';
import type { Span } from './scheduler-process.js';

const SHOWN = 5;
const LAST_EVENTS = 50;
/** Slots before a duty whose faults are named with it. */
const AROUND_SLOTS = 8;

/** The report of a run, a line each. */
export function reportOf(result: ChaosResult, options: { slotMs: number; slots: number }): string[] {
  const { faults, accounts, unexplained, doubled, reorgs, memberChanges, busyMs, exitCode, stderr } = result;
  const lengthMs = options.slots * options.slotMs;
  const totals = { due: 0, inSlot: 0, late: 0, excused: 0, unexplained: 0 };
  const rows: Cell[][] = [];
  const reasons = new Map<string, number>();
  for (const [kind, { due, inSlot, late, excused, unexplained: blamed }] of accounts) {
    const notMet = sumOf(excused.values());
    rows.push([kind, due, inSlot, late, notMet, blamed]);
    totals.due += due;
    totals.inSlot += inSlot;
    totals.late += late;
    totals.excused += notMet;
    totals.unexplained += blamed;
    for (const [why, count] of excused) reasons.set(why, (reasons.get(why) ?? 0) + count);
  }
  rows.push(['all', totals.due, totals.inSlot, totals.late, totals.excused, totals.unexplained]);
  return [
    `${options.slots} slots of ${options.slotMs} ms; ${reorgs} re-orgs, ${memberChanges} changes of validators; ` +
      `exit code ${exitCode}`,
    `no processor for us: ${share(busyMs, lengthMs)} of the time`,
    '',
    ...table([['fault', 'target', 'times', 'slots'], ...faultRows(faults, options.slotMs)]),
    '',
    ...table([['duty', 'due', 'in its slot', 'made up later', 'could not be met', 'unexplained'], ...rows]),
    '',
    'could not be met, by what stood in the way and the last word of the event log:',
    ...[...reasons].sort(([, a], [, b]) => b - a).map(([why, count]) => `  ${count} ${why}`),
    ...doubled.map((what) => `DOUBLED ${what}`),
    ...groupsOf(unexplained).flatMap(({ kind, slot, validators, reason }, place) => [
      '',
      `UNEXPLAINED ${kind} slot ${slot}, validators ${validators.join()}: ${reason}`,
      ...faultsAround(result, slot),
      ...(place < SHOWN ? eventsBefore(result, slot) : []),
    ]),
    ...(exitCode === 0 ? [] : ['', 'the end of stderr:', ...stderr.split('\n').slice(-SHOWN * 4)]),
  ];
}

/** Whether nothing is wrong. */
export function holds({ unexplained, doubled, exitCode }: ChaosResult): boolean {
  return unexplained.length === 0 && doubled.length === 0 && exitCode === 0;
}

type Cell = string | number;

function faultRows(faults: ChaosResult['faults'], slotMs: number): Cell[][] {
  const byName = new Map<string, Span[]>();
  for (const fault of faults) {
    const name = `${fault.kind} ${fault.target}`;
    byName.set(name, [...(byName.get(name) ?? []), fault]);
  }
  return [...byName]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, spans]) => {
      const slots = sumOf(spans.map(({ from, to }) => (to - from) / slotMs));
      return [...name.split(' '), spans.length, Math.round(slots)];
    });
}

interface Group {
  readonly kind: string;
  readonly slot: number;
  readonly reason: string;
  readonly validators: number[];
}

/** Duties of one slot and kind with one reason together. */
function groupsOf(unexplained: ChaosResult['unexplained']): Group[] {
  const groups = new Map<string, Group>();
  for (const { kind, slot, reason, validator } of unexplained) {
    const name = `${kind} ${slot} ${reason}`;
    const group = groups.get(name) ?? { kind, slot, reason, validators: [] };
    groups.set(name, group);
    group.validators.push(validator);
  }
  return [...groups.values()];
}

/** The faults from a few slots before a slot to its end. */
function faultsAround({ faults, startOf }: ChaosResult, slot: number): string[] {
  const inSlots = (ms: number) => ((ms - startOf(slot)) / (startOf(1) - startOf(0))).toFixed(1);
  return faults
    .filter(({ from, to }) => from <= startOf(slot + 1) && to >= startOf(slot - AROUND_SLOTS))
    .map(({ kind, target, from, to }) => `  ${kind} of ${target} from slot ${inSlots(from)} to ${inSlots(to)} of it`);
}

/** What was heard before the end of the slot after a duty's. */
function eventsBefore({ lines }: ChaosResult, slot: number): string[] {
  const last = lines.findLastIndex((line) => line.slot <= slot + 1) + 1;
  return lines.slice(Math.max(0, last - LAST_EVENTS), last).map(({ text }) => `    ${text}`);
}

/** As Markdown. */
function table(rows: readonly (readonly Cell[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  const line = (row: readonly Cell[]) => `| ${row.map((cell, i) => String(cell).padEnd(widths[i]!)).join(' | ')} |`;
  return [line(rows[0]!), line(widths.map((width) => '-'.repeat(width))), ...rows.slice(1).map(line)];
}

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

function sumOf(numbers: Iterable<number>): number {
  return [...numbers].reduce((sum, number) => sum + number, 0);
}
