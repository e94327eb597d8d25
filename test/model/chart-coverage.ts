import type { AnyStateMachine } from 'xstate';
import { expect, test } from 'vitest';
import type { ChartReport, TakenTransitions } from './taken-transitions.js';

declare module 'vitest' {
  interface TaskMeta {
    /** For `npm run paths`, which prints it. */
    transitions?: ChartReport & { readonly explained: Readonly<Record<string, string>> };
  }
}

/**
 * Declares the test that the paths before it took every transition of a chart. One that cannot be taken is named and
 * explained; an explanation that is none any more makes the test fail too.
 */
export function testEveryTransition(
  machine: AnyStateMachine,
  taken: TakenTransitions,
  explained: Readonly<Record<string, string>> = {},
): void {
  test(`every transition of the real chart ${machine.id} was taken, but those that are explained`, ({ task }) => {
    const report = taken.reportOf(machine);
    task.meta.transitions = { ...report, explained };
    expect(report.missing.filter((name) => !(name in explained))).toEqual([]);
    expect(Object.keys(explained).filter((name) => !report.missing.includes(name))).toEqual([]);
  });
}
