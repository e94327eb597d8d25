import type { Finding } from './benchmark.js';

const COLUMNS = ['', 'ours', 'against', 'result', 'aim', ''] as const;

function cells({ what, ours, against, result, aim, met }: Finding): string[] {
  return [what, ours, against, result, aim, met === undefined ? '' : met ? 'met' : 'missed'];
}

/** Aligned columns, a line each. */
export function textTable(findings: readonly Finding[]): string {
  const rows = [[...COLUMNS], ...findings.map(cells)];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd() + '\n').join('');
}

/** A table as the documents have them. */
export function markdownTable(findings: readonly Finding[]): string {
  const rows = [[...COLUMNS], COLUMNS.map(() => '---'), ...findings.map(cells)];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}
