import {
  assign,
  createActor,
  fromCallback,
  setup,
  type ActorRefFrom,
  type AnyActorLogic,
  type AnyActorRef,
  type Snapshot,
} from 'xstate';

/** What happens in a recorded actor system, in its order. */
export type BareStep =
  /** `actor` and `parent` are names of the recording; a root has no parent. Of children with one id only the last lives. */
  | {
      readonly step: 'start';
      readonly actor: string;
      readonly id: string;
      readonly parent: string | undefined;
      readonly isMachine: boolean;
    }
  | { readonly step: 'event'; readonly actor: string; readonly type: string };

type BareEvent =
  { readonly type: 'START'; readonly id: string; readonly isMachine: boolean } | { readonly type: `event.${string}` };

const bare = setup({
  types: { context: {} as { events: number }, events: {} as BareEvent },
  actions: { count: assign({ events: ({ context }) => context.events + 1 }) },
});

const start = bare.enqueueActions(({ event, enqueue }) => {
  if (event.type !== 'START') return;
  const logic: AnyActorLogic = event.isMachine ? bareMachine : bareEffect;
  enqueue.stopChild(event.id);
  enqueue.assign(({ spawn }) => {
    // Its types know the actors of a setup; here an id is as good as another.
    (spawn as unknown as (logic: AnyActorLogic, options: { id: string }) => AnyActorRef)(logic, { id: event.id });
    return {};
  });
});

/** A machine that decides nothing: an event is counted, and moves it from one state to the other. */
const bareMachine: AnyActorLogic = bare.createMachine({
  context: { events: 0 },
  initial: 'one',
  on: { START: { actions: start } },
  states: {
    one: { on: { 'event.*': { target: 'two', actions: 'count' } } },
    two: { on: { 'event.*': { target: 'one', actions: 'count' } } },
  },
});

const bareEffect = fromCallback(() => undefined);

type BareRef = ActorRefFrom<AnyActorLogic>;

/** Runs the steps of a recording on actors that do nothing: what is left is the cost of XState. */
export function runBare(steps: readonly BareStep[]): Promise<void> {
  const actors = new Map<string, AnyActorRef>();
  let root: BareRef | undefined;
  for (const step of steps) {
    if (step.step === 'event') {
      const actor = actors.get(step.actor);
      if (actor !== undefined && isActive(actor)) actor.send({ type: `event.${step.type}` });
      continue;
    }
    const parent = step.parent === undefined ? undefined : actors.get(step.parent);
    if (parent === undefined) {
      root?.stop();
      actors.clear();
      const fresh = createActor(bareMachine).start();
      root = fresh;
      actors.set(step.actor, fresh);
    } else if (isActive(parent)) {
      parent.send({ type: 'START', id: step.id, isMachine: step.isMachine });
      const { children } = parent.getSnapshot() as { children?: Record<string, AnyActorRef | undefined> };
      const child = children?.[step.id];
      if (child !== undefined) actors.set(step.actor, child);
    }
  }
  root?.stop();
  return Promise.resolve();
}

function isActive(actor: AnyActorRef): boolean {
  return (actor.getSnapshot() as Snapshot<unknown>).status === 'active';
}
