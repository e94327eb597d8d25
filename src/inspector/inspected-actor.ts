import type { ActorRefLike } from 'xstate';

/** What an inspection event's actor is, beyond what XState's types admit. */
export interface InspectedActor {
  readonly id: string;
  readonly sessionId: string;
  readonly src: unknown;
  readonly _parent?: InspectedActor;
  readonly logic: { readonly config?: unknown };
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
 * (`0.table-fetch.requesting`) gives way to what was invoked there.
 */
export function actorName({ id, src, _parent: parent }: InspectedActor): string {
  if (parent === undefined) return id;
  const isMadeUp = /^\d+\./.test(id) || /^x:\d+$/.test(id);
  const own = isMadeUp && typeof src === 'string' ? src : id;
  return parent._parent === undefined ? own : `${actorName(parent)}/${own}`;
}

/** An actor and all its descendants that are alive, parents first. */
export function* withDescendants(actor: InspectedActor): Generator<InspectedActor> {
  const snapshot = actor.getSnapshot();
  if (snapshot?.status !== 'active') return;
  yield actor;
  for (const child of Object.values(snapshot.children ?? {})) if (child !== undefined) yield* withDescendants(child);
}
