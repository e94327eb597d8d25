import type { AnyStateMachine, EventFromLogic, EventObject, InspectionEvent, SnapshotFrom } from 'xstate';
import { createActor } from 'xstate';
import { describe, test } from 'vitest';
import { transitionPaths } from './paths.js';

/** The real actors in a world that plays the events of a spec. */
export interface Rehearsal<TEvent> {
  start(): Promise<void>;
  play(event: TEvent): Promise<void>;
  stop(): void | Promise<void>;
}

/**
 * Declares a test for every path of a spec; its name is the path. Each is played by a rehearsal of its own, and
 * `check` compares the rehearsal with the spec at the start and after each event.
 */
export function playPaths<TSpec extends AnyStateMachine, TRehearsal extends Rehearsal<EventFromLogic<TSpec>>>(
  title: string,
  spec: TSpec,
  types: readonly EventFromLogic<TSpec>['type'][],
  create: () => TRehearsal,
  check: (rehearsal: TRehearsal, state: SnapshotFrom<TSpec>, lastEvent: string) => void,
): void {
  const atStart = createActor(spec).getSnapshot();
  const start = { name: 'start', steps: [] };
  describe(title, () => {
    for (const { name, steps } of [start, ...transitionPaths(spec, types)]) {
      test(name, async () => {
        const rehearsal = create();
        try {
          await rehearsal.start();
          check(rehearsal, atStart, 'start');
          for (const { event, state } of steps) {
            await rehearsal.play(event);
            check(rehearsal, state, (event as EventObject).type);
          }
        } finally {
          await rehearsal.stop();
        }
      });
    }
  });
}

/** Sees what every actor of a rehearsal does. */
export type Inspect = (event: InspectionEvent) => void;
