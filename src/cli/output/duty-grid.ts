import type { DutyKind, Trigger } from '../../../machines/rules/duties.js';
import { marginText } from '../../observability/describe-line.js';
import { medianMargin, missed, type KindTallies, type KindTally } from '../../observability/tally.js';

/** A table of text: the first column is aligned to the left, the others to the right. */
export interface Grid {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const NONE = '·';

/** Kinds that are handed over when the head comes, or at their due point. */
const WAITS_FOR_HEAD: ReadonlySet<DutyKind> = new Set<DutyKind>(['attester', 'sync-committee']);

/** The kinds as tables call them. */
export const SHORT_NAMES: Readonly<Record<DutyKind, string>> = {
  attester: 'attester',
  aggregator: 'aggregator',
  proposer: 'proposer',
  'sync-committee': 'sync-committee',
  'sync-committee-contribution': 'contribution',
};

/** Duties met by kind, what started them, and how early they were done (median). */
export function dutyGrid(tallies: KindTallies, kinds: readonly DutyKind[]): Grid {
  return {
    header: ['', 'met', 'at start', 'by head', 'at due', 'late', 'missed', 'median'],
    rows: kinds.map((kind) => gridRow(kind, tallies[kind])),
  };
}

/** Wide enough for what is common, so that columns stay where they are; all together fit into 80 columns. */
const COLUMN_WIDTHS = [14, 6, 8, 7, 7, 6, 6, 17];

/** Lines of a grid; a column grows where its texts do not fit. */
export function gridLines({ header, rows }: Grid): string[] {
  const lines = [header, ...rows];
  const wide = header.map((_, column) =>
    Math.max(COLUMN_WIDTHS[column] ?? 0, ...lines.map((cells) => cells[column]!.length)),
  );
  return lines.map((cells) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(wide[0]!) : cell.padStart(wide[column]!))).join(' '),
  );
}

function gridRow(kind: DutyKind, tally: KindTally): string[] {
  const margin = medianMargin(tally.margins);
  const by = (trigger: Trigger, applies: boolean) => (applies ? String(tally.metBy[trigger] ?? 0) : NONE);
  const waits = WAITS_FOR_HEAD.has(kind);
  return [
    SHORT_NAMES[kind],
    String(tally.met),
    by('slot-start', !waits),
    by('head', waits),
    by('deadline', waits),
    by('late', true),
    String(missed(tally)),
    margin === undefined ? NONE : marginText(kind, margin),
  ];
}
