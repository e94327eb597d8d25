import type { AnyStateMachine, AnyTransitionDefinition, InspectionEvent } from 'xstate';
import type { AnyStateNode } from 'xstate/graph';

/** Which transitions of a real chart were taken. */
export interface ChartReport {
  readonly chart: string;
  readonly taken: readonly string[];
  readonly missing: readonly string[];
}

/** Notes which transitions of the real charts are taken: the observer for `inspect`. */
export class TakenTransitions {
  readonly #taken = new Set<string>();

  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep') return;
    for (const transition of event._transitions) this.#taken.add(nameOf(transition));
  };

  reportOf(machine: AnyStateMachine): ChartReport {
    const names = transitionsOf(machine.root);
    return {
      chart: machine.id,
      taken: names.filter((name) => this.#taken.has(name)),
      missing: names.filter((name) => !this.#taken.has(name)),
    };
  }
}

/** Every transition of a chart by name. Throws where two would share one: neither could be told to be missing. */
export function transitionsOf(root: AnyStateNode): string[] {
  const names = allTransitions(root).map(nameOf);
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  if (twice.length > 0) throw new Error(`transitions of one name: ${twice.join(', ')}`);
  return names;
}

function allTransitions(node: AnyStateNode): AnyTransitionDefinition[] {
  const own = [...node.transitions.values(), node.always ?? []].flat();
  return [...own, ...Object.values(node.states).flatMap(allTransitions)];
}

/** The regions of a chart's nodes are alike: one stands for all. */
function nameOf(transition: AnyTransitionDefinition): string {
  return ownNameOf(transition).replaceAll(/beacon-node-\d+/g, 'beacon-node-1');
}

function ownNameOf({ source, eventType, target, guard }: AnyTransitionDefinition): string {
  const aims = target?.map(({ id }) => id.slice(id.lastIndexOf('.') + 1)).join(' ') ?? 'stays';
  const condition = guard === undefined ? '' : ` if ${conditionOf(guard)}`;
  return `${source.id} ${eventType === '' ? 'always' : eventType} → ${aims}${condition}`;
}

function conditionOf(guard: NonNullable<AnyTransitionDefinition['guard']>): string {
  if (typeof guard === 'string') return guard;
  return typeof guard === 'function' ? 'its condition holds' : guard.type;
}
