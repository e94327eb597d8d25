/** A machine as state-machine-cat draws it. The class of a state is what the page lights it by. */
import type { IState, IStateMachine, ITransition, StateType } from 'state-machine-cat';
import type { AnyStateMachine, AnyStateNode } from 'xstate';

/** Class of a state in the drawing, by its path (`schedule.warming-up`). */
export function stateClass(path: string): string {
  return `state-at-${path.replaceAll('.', '--')}`;
}

/** Translates an XState machine: its states with their regions, and the transitions that lead to another state. */
export function statechartOf(machine: AnyStateMachine): IStateMachine {
  const transitions: ITransition[] = [];
  collectTransitions(machine.root, transitions);
  return { states: statesIn(machine.root), transitions };
}

function statesIn(node: AnyStateNode): IState[] {
  const children = Object.values(node.states);
  const initial = node.type === 'compound' ? [initialOf(node)] : [];
  return [...initial, ...children.map(stateOf)];
}

function stateOf(node: AnyStateNode): IState {
  const path = node.path.join('.');
  return {
    name: path,
    label: node.key,
    type: TYPES[node.type],
    typeExplicitlySet: true,
    class: stateClass(path),
    ...(Object.keys(node.states).length > 0 && { statemachine: { states: statesIn(node) } }),
  };
}

function initialOf(node: AnyStateNode): IState {
  return { name: initialName(node), label: '', type: 'initial', typeExplicitlySet: true };
}

function initialName(node: AnyStateNode): string {
  return [...node.path, 'initial'].join('.');
}

const TYPES: Readonly<Record<AnyStateNode['type'], StateType>> = {
  atomic: 'regular',
  compound: 'regular',
  parallel: 'parallel',
  final: 'final',
  history: 'history',
};

function collectTransitions(node: AnyStateNode, found: ITransition[]): void {
  if (node.type === 'compound') {
    for (const target of node.initial.target ?? []) {
      found.push({ id: found.length, from: initialName(node), to: target.path.join('.') });
    }
  }
  const labels = new Map<string, Set<string>>();
  const all = [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
  for (const { target, eventType } of all) {
    for (const { path } of target ?? []) {
      // One arrow for each pair of states, with all that leads along it.
      const to = path.join('.');
      const texts = labels.get(to) ?? new Set();
      labels.set(to, texts.add(labelOf(String(eventType))));
    }
  }
  for (const [to, texts] of labels) {
    if (to === node.path.join('.')) continue;
    const label = [...texts].filter((text) => text !== '').join('\n');
    found.push({ id: found.length, from: node.path.join('.'), to, ...(label !== '' && { label }) });
  }
  for (const child of Object.values(node.states)) collectTransitions(child, found);
}

/** `xstate.after.untilDuePoint.duty-execution.armed` → `after untilDuePoint`; a transition without an event has no text. */
function labelOf(eventType: string): string {
  const [, kind, name = ''] = /^xstate\.(after|done\.actor|error\.actor|done\.state)\.(.*)$/.exec(eventType) ?? [];
  switch (kind) {
    case 'after':
      return `after ${name.split('.')[0]!}`;
    case 'done.actor':
      return `${lastName(name)} is done`;
    case 'error.actor':
      return `${lastName(name)} failed`;
    case 'done.state':
      return 'done';
    default:
      return eventType;
  }
}

function lastName(id: string): string {
  return id.split('.').at(-1)!;
}
