import { DUTY_KINDS, ROLES, type DutyKind } from '../../../machines/rules/duties.js';
import { durationText } from './duration-text.js';
import { counted } from '../../observability/describe-line.js';
import { dutyGrid, gridLines, SHORT_NAMES } from './duty-grid.js';
import { kindsOfRoles } from '../../observability/kinds-of-roles.js';
import { missed, sumOf, underWay, type KindTallies, type KindTally, type Tally } from '../../observability/tally.js';

const LABEL_WIDTH = 11;

type Reasons = Readonly<Partial<Record<string, number>>>;

/** What happened from the start to the end, as lines of text for a person. */
export function summaryLines(tally: Tally, ranMs: number): string[] {
  const { started, lastLine } = tally;
  if (started === undefined) return [`Stopped after ${durationText(ranMs)}; the scheduler had not started.`];
  const until = lastLine?.slot ?? started.slot;
  return [
    `Ran ${durationText(ranMs)}, slots ${started.slot} to ${until}, ${counted(started.validators, 'validator')}.`,
    verdict(tally),
    '',
    ...gridLines(dutyGrid(tally.total, kindsOfRoles(started.roles))),
    '',
    ...section(
      'Skipped',
      reasonLines(tally.total, ({ skipped }) => skipped),
    ),
    ...section('Failed', failedLines(tally.total)),
    ...section(
      'Cancelled',
      reasonLines(tally.total, ({ cancelled }) => cancelled),
    ),
    ...section(
      'Deferred',
      reasonLines(tally.total, ({ deferred }) => deferred),
    ),
    ...section('Fetches', [fetchesText(tally)]),
    ...section('Re-orgs', [String(tally.reorgs)]),
    ...(tally.slotsSkipped > 0 ? section('Clock', [`${counted(tally.slotsSkipped, 'slot')} skipped`]) : []),
  ];
}

/** The verdict alone: "All 96 duties were met." */
export function verdict(tally: Tally): string {
  const kinds = DUTY_KINDS.map((kind) => tally.total[kind]);
  const met = kinds.reduce((sum, kind) => sum + kind.met, 0);
  const late = kinds.reduce((sum, kind) => sum + (kind.metBy.late ?? 0), 0);
  const notMet = kinds.reduce((sum, kind) => sum + missed(kind), 0);
  const open = underWay(tally);
  const asides = [
    ...(late > 0 ? [`${late} of them late`] : []),
    ...(open > 0 ? [`${open} under way when it stopped`] : []),
  ];
  const aside = asides.length > 0 ? ` (${asides.join(', ')})` : '';
  if (met + notMet === 0) return `No duty came due${aside}.`;
  if (notMet === 0) return met === 1 ? `The one duty was met${aside}.` : `All ${met} duties were met${aside}.`;
  return `${met} of ${met + notMet} duties were met${aside}, ${notMet} ${notMet === 1 ? 'was' : 'were'} not.`;
}

/** The whole run's duties that were not met, or had to wait, by reason: "skipped 3 (deadline-passed 2, data-unavailable 1)". */
export function troubleText({ total }: Pick<Tally, 'total'>): string {
  const parts = [
    // That slot 0 has no proposal is no news.
    counts('skipped', total, ({ skipped }) => ({ ...skipped, 'genesis-slot': undefined })),
    counts('failed', total, ({ failed }) => (failed > 0 ? { failed } : {})),
    counts('cancelled', total, ({ cancelled }) => cancelled),
    counts('deferred', total, ({ deferred }) => deferred),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function counts(name: string, total: KindTallies, pick: (kind: KindTally) => Reasons): string {
  const byReason = [...groupedByReason(total, pick)].map(([reason, byKind]) => ({
    reason,
    sum: sumOf(Object.fromEntries(byKind)),
  }));
  const sum = byReason.reduce((all, one) => all + one.sum, 0);
  if (sum === 0) return '';
  const why = byReason.filter(({ reason }) => reason !== name).map(({ reason, sum: count }) => `${reason} ${count}`);
  return `${name} ${sum}${why.length > 0 ? ` (${why.join(', ')})` : ''}`;
}

function groupedByReason(total: KindTallies, pick: (kind: KindTally) => Reasons): Map<string, Map<DutyKind, number>> {
  const groups = new Map<string, Map<DutyKind, number>>();
  for (const kind of DUTY_KINDS) {
    for (const [reason, count = 0] of Object.entries(pick(total[kind]))) {
      if (count === 0) continue;
      groups.set(reason, (groups.get(reason) ?? new Map<DutyKind, number>()).set(kind, count));
    }
  }
  return groups;
}

/** A line for each reason: "deadline-passed: attester 3, aggregator 3". */
function reasonLines(total: KindTallies, pick: (kind: KindTally) => Reasons): string[] {
  return [...groupedByReason(total, pick)].map(([reason, byKind]) => {
    const aside = reason === 'genesis-slot' ? ' (slot 0 has no proposal)' : '';
    return `${reason}: ${kindCounts(byKind)}${aside}`;
  });
}

function failedLines(total: KindTallies): string[] {
  const failed = groupedByReason(total, (kind) => ({ failed: kind.failed })).get('failed');
  return failed === undefined ? [] : [kindCounts(failed)];
}

function kindCounts(byKind: ReadonlyMap<DutyKind, number>): string {
  return [...byKind].map(([kind, count]) => `${SHORT_NAMES[kind]} ${count}`).join(', ');
}

/** A label and its lines, "none" where there is nothing to say. */
function section(label: string, lines: readonly string[]): string[] {
  return (lines.length === 0 ? ['none'] : lines).map(
    (line, index) => (index === 0 ? label : '').padEnd(LABEL_WIDTH) + line,
  );
}

function fetchesText({ fetched, fetchesFailed, fetchesCancelled }: Tally): string {
  const byRole = ROLES.filter((role) => fetched[role] !== undefined).map((role) => `${role} ${fetched[role]}`);
  const roles = byRole.length > 0 ? ` (${byRole.join(', ')})` : '';
  return `${sumOf(fetched)}${roles}, ${fetchesFailed} failed, ${fetchesCancelled} cancelled`;
}
