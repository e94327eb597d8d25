import type { ActorRefLike } from 'xstate';

/** What an inspection event's actor is, beyond what XState's types admit. */
export interface InspectedActor {
  readonly id: string;
  readonly sessionId: string;
  readonly src: unknown;
  readonly _parent?: InspectedActor;
  readonly logic: { readonly id?: unknown; readonly config?: unknown };
  getSnapshot(): InspectedSnapshot | undefined;
}

/** Snapshots of machines, promises and callbacks. */
export interface InspectedSnapshot {
  readonly status: string;
  readonly value?: unknown;
  readonly context?: unknown;
  readonly output?: unknown;
  readonly error?: unknown;
  readonly children?: Readonly<Record<string, InspectedActor | undefined>>;
}

export function inspectedActor(actorRef: ActorRefLike): InspectedActor {
  return actorRef as unknown as InspectedActor;
}

/**
 * The name a viewer reads: the way from the root, which is left out itself. An id that XState made up
 * (`0.table-fetch.requesting`, `x:12`) gives way to what was invoked there.
 */
export function actorName({ id, src, sessionId, _parent: parent }: InspectedActor): string {
  if (parent === undefined) return id;
  const own = typeof src === 'string' && (id === sessionId || isNumbered(id)) ? src : id;
  return parent._parent === undefined ? own : `${actorName(parent)}/${own}`;
}

/** Whether it begins with a number and a dot. */
function isNumbered(id: string): boolean {
  const dot = id.indexOf('.');
  return dot > 0 && Number.isInteger(Number(id.slice(0, dot)));
}

/** An actor and all its descendants that are alive, parents first. */
export function* withDescendants(actor: InspectedActor): Generator<InspectedActor> {
  const snapshot = actor.getSnapshot();
  if (snapshot?.status !== 'active') return;
  yield actor;
  for (const child of Object.values(snapshot.children ?? {})) if (child !== undefined) yield* withDescendants(child);
}
