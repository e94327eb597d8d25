import type { SlotView } from './view-model.js';

const PASSED = '━';
const TO_COME = '─';
const PASSED_MARK = '┿';
const MARK_TO_COME = '┼';
const HEAD = '◆';

/** A slot as a bar: what has passed of it, its due points, and where its head came. */
export function slotBar({ offsetMs, slotDurationMs, duePoints, headOffsetMs }: SlotView, width: number): string {
  const cellOf = (ms: number) => cell(ms, slotDurationMs, width);
  const passed = Math.round((Math.min(offsetMs, slotDurationMs) / slotDurationMs) * width);
  const marks = new Set(duePoints.map((point) => cellOf(point.offsetMs)));
  const head = headOffsetMs === undefined ? -1 : cellOf(headOffsetMs);
  return Array.from({ length: width }, (_, index) => {
    if (index === head) return HEAD;
    if (marks.has(index)) return index < passed ? PASSED_MARK : MARK_TO_COME;
    return index < passed ? PASSED : TO_COME;
  }).join('');
}

/** The names of the due points, each beneath its mark. */
export function slotBarLegend({ slotDurationMs, duePoints }: SlotView, width: number): string {
  let legend = '';
  for (const { name, offsetMs } of duePoints) {
    const label = `${name} ${offsetMs} ms`;
    const at = Math.max(cell(offsetMs, slotDurationMs, width), legend.length === 0 ? 0 : legend.length + 2);
    legend = legend.padEnd(at) + label;
  }
  const end = `${slotDurationMs} ms`;
  return legend.length + 2 + end.length > width ? legend : legend.padEnd(width - end.length) + end;
}

function cell(ms: number, slotDurationMs: number, width: number): number {
  return Math.max(0, Math.min(width - 1, Math.floor((ms / slotDurationMs) * width)));
}
