import type { RoleSnapshot, SchedulerSnapshot } from '../../scheduler-snapshot.js';

/** The state of a scheduler, as lines of text. */
export function stateText({ slot, epoch, unfit, validators, roles }: SchedulerSnapshot): string[] {
  const counts = Object.entries(validators).map(([status, count]) => `${count} ${status}`);
  return [
    `slot ${slot}, epoch ${epoch}; node: ${unfit ?? 'fit'}; validators: ${counts.join(', ') || 'none'}`,
    ...Object.entries(roles).flatMap(([role, state]) => roleText(role, state)),
  ];
}

function roleText(role: string, { schedule, execution, tables, batches }: RoleSnapshot): string[] {
  return [
    `${role}: ${schedule}, ${execution}`,
    ...tables.map(
      ({ target, status, dependentRoot, duties }) =>
        `  table ${target}: ${status}, ${duties} duties, root ${dependentRoot ?? 'none'}`,
    ),
    ...batches.map(
      ({ kind, slot, triggered, duties }) =>
        `  batch ${kind} of slot ${slot}: ${duties} duties, ${triggered ? 'triggered' : 'waiting'}`,
    ),
  ];
}
