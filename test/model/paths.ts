import { adjacencyMapToArray, getAdjacencyMap, getShortestPaths, serializeSnapshot } from 'xstate/graph';
import type {
  ActorLogic,
  AnyMachineSnapshot,
  AnyStateMachine,
  EventFromLogic,
  EventObject,
  SnapshotFrom,
} from 'xstate';

/** A way through a spec machine: its events, and what the spec says after each. */
export interface Path<TSpec extends AnyStateMachine> {
  readonly name: string;
  readonly steps: readonly { readonly event: EventFromLogic<TSpec>; readonly state: SnapshotFrom<TSpec> }[];
}

/**
 * One path per transition of a spec machine: the shortest way to its source, then the transition itself, so that those
 * that lead back to where they began are taken too.
 */
export function transitionPaths<TSpec extends AnyStateMachine>(
  spec: TSpec,
  types: readonly EventFromLogic<TSpec>['type'][],
): Path<TSpec>[] {
  const machine: ActorLogic<AnyMachineSnapshot, EventObject> = spec;
  const options = {
    events: types.map((type) => ({ type })),
    filterEvents: (state: AnyMachineSnapshot, event: EventObject) => state.status === 'active' && state.can(event),
  };
  const wayTo = new Map<string, readonly Step[]>();
  // The first step of a way is the start.
  for (const { state, steps } of getShortestPaths(machine, options)) {
    wayTo.set(serializeSnapshot(state), steps.slice(1));
  }
  const adjacency = getAdjacencyMap(machine, options);
  return adjacencyMapToArray(adjacency).map(({ state: source, event, nextState: state }) => {
    const steps = [...wayTo.get(serializeSnapshot(source))!, { event, state }];
    return { name: steps.map((step) => step.event.type).join(' → '), steps: steps as unknown as Path<TSpec>['steps'] };
  });
}

interface Step {
  readonly event: EventObject;
  readonly state: AnyMachineSnapshot;
}
