import type { Colors } from 'picocolors/types.js';
import { clockText } from './clock-text.js';
import { durationText } from './duration-text.js';
import { dutyGrid, gridLines } from './duty-grid.js';
import { historyBar, historyText } from './history-text.js';
import { restartText } from './restart-text.js';
import { slotBar, slotBarLegend } from './slot-bar.js';
import { troubleText, verdict } from './summary.js';
import { missed } from '../../observability/tally.js';
import type { Happening, TableView, ViewModel } from './view-model.js';

export interface Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly colours: Colors;
}

const WIDEST = 120;
const MOST_HAPPENINGS = 12;
const FEWEST_HAPPENINGS = 2;
const LABEL_WIDTH = 8;
/** From here on a section may take a line where it otherwise shares one. */
const ROWS_FOR_DETAILS = 30;

/** How many slots ahead there is room for. */
export function upcomingShown(rows: number): number {
  return Math.max(2, Math.min(6, rows - 22));
}

/**
 * The view as lines, none longer than the canvas is wide, and fewer than it is high. Sections keep their places while
 * time passes, so that nothing jumps; on a low terminal the lower ones are cut off first.
 */
export function drawView(view: ViewModel, canvas: Canvas): string[] {
  const width = Math.max(20, Math.min(canvas.columns, WIDEST));
  const room = Math.max(1, canvas.rows - 1);
  const full = [
    ...headLines(view, width, canvas.colours),
    '',
    ...slotLines(view, width, canvas.colours),
    '',
    ...dutyLines(view, width, canvas.colours),
    '',
    ...upcomingLines(view, width, canvas),
    labelled('restart', view.restart === undefined ? '' : restartText(view.restart), width, canvas.colours),
    ...tableLines(view.tables, width, canvas),
    '',
  ];
  const upper = full.length + FEWEST_HAPPENINGS <= room ? full : full.filter((line) => line !== '');
  const happenings = Math.max(FEWEST_HAPPENINGS, Math.min(MOST_HAPPENINGS, room - upper.length));
  return [...upper, ...happeningLines(view.happenings.slice(-happenings), width, canvas.colours)].slice(0, room);
}

function headLines({ title, nodes, ranMs, validators, history, roles }: ViewModel, width: number, c: Colors): string[] {
  const name = clip(`ssv-duty-scheduler ${title}`, width);
  const ran = `running ${durationText(ranMs)}`;
  const statuses = Object.entries(validators).map(([status, count]) => `${count} ${status}`);
  const set = statuses.length === 0 ? 'looked up when the node answers' : statuses.join(', ');
  return [
    c.bold(name) + c.dim(clip(ran.padStart(width - name.length), width - name.length)),
    ...nodes.map(({ url, status }) => labelled('node', `${url} ${status}`, width, c)),
    history === undefined
      ? labelled('set', `${set}; ${roles.join(', ')}`, width, c)
      : labelled('set', `SSV contract ${historyBar(history)} ${historyText(history)}`, width, c),
  ];
}

function slotLines({ time }: ViewModel, width: number, c: Colors): string[] {
  if (time === undefined) return [clip('The chain is not known yet.', width), '', ''];
  if (time.slot < 0) {
    const wait = time.msToGenesis < 1000 ? 'a moment' : durationText(time.msToGenesis);
    return [clip(`Genesis in ${wait}.`, width), '', ''];
  }
  const { slot, epoch, position, slotsPerEpoch, headOffsetMs, duePoints } = time;
  const attestMs = duePoints[0]!.offsetMs;
  const head =
    headOffsetMs === undefined
      ? 'no head yet'
      : `◆ head after ${Math.round(headOffsetMs)} ms${headOffsetMs > attestMs ? ', past the due point' : ''}`;
  const where = `slot ${slot}   epoch ${epoch}, slot ${position + 1} of ${slotsPerEpoch}`;
  const line = clip(`${where}   ${head}`, width);
  return [
    c.bold(line.slice(0, where.length)) + line.slice(where.length),
    c.cyan(slotBar(time, width)),
    c.dim(clip(slotBarLegend(time, width), width)),
  ];
}

function dutyLines({ kinds, thisEpoch, time, tally }: ViewModel, width: number, c: Colors): string[] {
  const grid = dutyGrid(thisEpoch, kinds);
  const epoch = time === undefined || time.slot < 0 ? 'this epoch' : `epoch ${time.epoch}`;
  const header = [epoch, ...grid.header.slice(1)];
  const lines = gridLines({ ...grid, header }).map((line) => clip(line, width));
  const rows = lines.slice(1).map((line, index) => (missed(thisEpoch[kinds[index]!]) > 0 ? c.yellow(line) : line));
  const allText = [verdict({ ...tally, open: [] }), troubleText(tally)].filter((text) => text !== '').join(' ');
  return [c.dim(lines[0]), ...rows, labelled('all', allText, width, c)];
}

function upcomingLines({ upcoming, time }: ViewModel, width: number, { colours: c, rows }: Canvas): string[] {
  const shown = upcomingShown(rows);
  return Array.from({ length: shown }, (_, index) => {
    const label = index === 0 ? 'next' : '';
    const slot = upcoming[index];
    if (slot === undefined || time === undefined) return labelled(label, '', width, c);
    const duties = slot.duties.map(({ role, first, count }) =>
      role === 'sync-committee' ? `sync ${count}` : `${role} ${someOf(first, count, role === 'attester' ? 8 : 3)}`,
    );
    const seconds = ((slot.slot - time.slot) * time.slotDurationMs - time.offsetMs) / 1000;
    const when = `slot ${slot.slot} in ${Math.ceil(Math.max(0, seconds))} s`;
    return labelled(label, `${when}: ${duties.length === 0 ? 'nothing known' : duties.join('; ')}`, width, c);
  });
}

function tableLines(tables: readonly TableView[], width: number, { colours: c, rows }: Canvas): string[] {
  const texts = tables.map(({ role, tables: ofRole }) => {
    const unit = role === 'sync-committee' ? 'period' : 'epoch';
    const states = tableStates(ofRole);
    return {
      short: `${role === 'sync-committee' ? 'sync' : role} ${states}`,
      long: `${role.padEnd(14)}  ${states === 'none' ? '' : `${unit} `}${states}`,
    };
  });
  if (rows < ROWS_FOR_DETAILS) return [labelled('tables', texts.map(({ short }) => short).join('; '), width, c)];
  return ['', ...texts.map(({ long }, index) => labelled(index === 0 ? 'tables' : '', long, width, c))];
}

/** "4, 5 ready, 6 fetching": what follows one another in the same state shares its name. */
function tableStates(tables: TableView['tables']): string {
  if (tables.length === 0) return 'none';
  return tables
    .map(({ target, status }, index) => (tables[index + 1]?.status === status ? `${target}` : `${target} ${status}`))
    .join(', ');
}

function happeningLines(happenings: readonly Happening[], width: number, c: Colors): string[] {
  if (happenings.length === 0) return [c.dim('Nothing unusual has happened.')];
  return happenings.map(({ time, slot, subject, text, isTrouble }) => {
    const where = slot === undefined ? '' : ` slot ${slot}`;
    const line = clip(`${clockText(time).slice(0, 8)}${where} ${subject}: ${text}`, width);
    return isTrouble ? c.yellow(line) : line;
  });
}

function labelled(label: string, text: string, width: number, c: Colors): string {
  return c.dim(label.padEnd(LABEL_WIDTH)) + clip(text, width - LABEL_WIDTH);
}

function someOf(first: readonly number[], count: number, longest: number): string {
  const shown = first.slice(0, longest);
  const more = count - shown.length;
  return shown.join(' ') + (more > 0 ? ` +${more}` : '');
}

function clip(text: string, width: number): string {
  if (width <= 0) return '';
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
