import type { ChangedDuty, WhatIfResult } from '../../../services/recording/what-if/what-if.js';

/** What would have been met, as lines of text. */
export function whatIfText({ slots, met, lost, gained }: WhatIfResult): string[] {
  const kinds = Object.entries(met).map(
    ([kind, { before, then }]) => `  ${kind}: ${before} met, ${then} would have been`,
  );
  return [`slots ${slots.first}…${slots.last}`, ...kinds, ...changed('lost', lost), ...changed('gained', gained)];
}

function changed(how: string, duties: readonly ChangedDuty[]): string[] {
  if (duties.length === 0) return [`${how}: none`];
  return [
    `${how}: ${duties.length}`,
    ...duties.map(({ kind, slot, validator, reason }) => `  slot ${slot}, ${kind}, validator ${validator}: ${reason}`),
  ];
}
