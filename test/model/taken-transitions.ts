import type { AnyStateMachine, AnyTransitionDefinition, InspectionEvent } from 'xstate';
import type { AnyStateNode } from 'xstate/graph';

/** Notes which transitions of the real charts are taken: the observer for `inspect`. */
export class TakenTransitions {
  readonly #taken = new Set<string>();

  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep') return;
    for (const transition of event._transitions) this.#taken.add(nameOf(transition));
  };

  /** Transitions of a chart that were never taken. */
  missingOf(machine: AnyStateMachine): string[] {
    return transitionsOf(machine.root).filter((name) => !this.#taken.has(name));
  }
}

/** Every transition of a chart by name. */
export function transitionsOf(node: AnyStateNode): string[] {
  const own = [...node.transitions.values(), node.always ?? []].flat().map(nameOf);
  return [...new Set([...own, ...Object.values(node.states).flatMap(transitionsOf)])];
}

function nameOf({ source, eventType, target, guard }: AnyTransitionDefinition): string {
  const aims = target?.map(({ id }) => id.slice(id.lastIndexOf('.') + 1)).join(' ') ?? 'stays';
  const condition = guard === undefined ? '' : ` if ${conditionOf(guard)}`;
  return `${source.id} ${eventType === '' ? 'always' : eventType} → ${aims}${condition}`;
}

function conditionOf(guard: NonNullable<AnyTransitionDefinition['guard']>): string {
  if (typeof guard === 'string') return guard;
  return typeof guard === 'function' ? 'its condition holds' : guard.type;
}
