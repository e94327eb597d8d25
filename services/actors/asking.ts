/** Actors that ask the world, or listen to it, by the entrance. */
import { fromCallback, type PromiseActorLogic, type PromiseSnapshot, type Snapshot } from 'xstate';
import type { Clock } from '../../machines/ports.js';
import type { NodeNumber } from '../../machines/rules/node-choice.js';
import type { AnswerTo, Entrance, Outcome, Question, Told } from '../entrance/entrance.js';

type Settlement<T> = { readonly type: 'SETTLED'; readonly outcome: Outcome<T> };

/** A question under way, kept in the snapshot: a recording goes on from there. */
interface Asked {
  readonly asked: number;
}

/** Asks one question when it is started, and ends with the answer. Stopping it ends the request. */
export function asking<W extends Question['what'], TInput>(
  entrance: Entrance,
  questionOf: (input: TInput) => Question & { readonly what: W },
  perform: (input: TInput, signal: AbortSignal) => Promise<AnswerTo[W]>,
): PromiseActorLogic<AnswerTo[W], TInput> {
  const requests = new WeakMap<object, AbortController>();
  return {
    getInitialSnapshot: (_scope, input) => {
      const asked: Asked = { asked: entrance.number() };
      return { status: 'active', output: undefined, error: undefined, input, ...asked };
    },
    start(snapshot, { self }) {
      if (snapshot.status !== 'active') return;
      const input = snapshot.input as TInput;
      const request = new AbortController();
      requests.set(self, request);
      const { asked } = snapshot as typeof snapshot & Asked;
      const settle = (outcome: Outcome<AnswerTo[W]>) =>
        self.send({ type: 'SETTLED', outcome } satisfies Settlement<AnswerTo[W]>);
      entrance.ask(asked, questionOf(input), () => perform(input, request.signal), settle, request.signal);
    },
    transition(snapshot, event, { self }): PromiseSnapshot<AnswerTo[W], TInput> {
      if (snapshot.status !== 'active') return snapshot;
      switch (event.type) {
        case 'SETTLED':
          return settled(snapshot, (event as unknown as Settlement<AnswerTo[W]>).outcome);
        case 'xstate.stop':
          requests.get(self)?.abort();
          return { ...snapshot, status: 'stopped', input: undefined };
        default:
          return snapshot;
      }
    },
    getPersistedSnapshot: (snapshot) => snapshot,
    restoreSnapshot: (snapshot: Snapshot<unknown>) => snapshot as PromiseSnapshot<AnswerTo[W], TInput>,
  };
}

function settled<T, TInput>(snapshot: PromiseSnapshot<T, TInput>, outcome: Outcome<T>): PromiseSnapshot<T, TInput> {
  if ('error' in outcome) {
    return { ...snapshot, status: 'error', output: undefined, error: outcome.error, input: undefined };
  }
  return { ...snapshot, status: 'done', output: outcome.value, error: undefined, input: undefined };
}

/** Listens to a source while it lives, and tells its parent each event. */
export function listening<S extends keyof Told, TInput>(
  entrance: Entrance,
  source: S,
  open: (input: TInput, tell: (event: Told[S]) => void, signal: AbortSignal, clock: Clock) => void,
  nodeOf: (input: TInput) => NodeNumber | undefined = () => undefined,
) {
  return fromCallback<Told[S], TInput>(({ input, sendBack }) => {
    const life = new AbortController();
    entrance.listen(
      source,
      (tell, clock) => open(input, tell, life.signal, clock),
      (event) => sendBack(event),
      life.signal,
      nodeOf(input),
    );
    return () => life.abort();
  });
}
