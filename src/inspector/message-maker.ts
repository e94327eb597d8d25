import type { InspectionEvent } from 'xstate';
import type { InspectorPackage } from './inspector-package.js';
import { actorName, inspectedActor, type InspectedActor, type InspectedSnapshot } from './inspected-actor.js';
import { ValueText } from './value-text.js';

type ProtocolEvent = Parameters<Parameters<InspectorPackage['createInspector']>[0]['send']>[0];

/** What says nothing to a person. */
const MACHINERY = ['clock', 'random'];
/** What every actor is given alike: the root shows it. */
const SHARED = ['chain', 'policy', 'claims'];

/**
 * Makes the protocol's messages. The package says what belongs into one; the text is ours, because the package would
 * serialise whole contexts.
 */
export class MessageMaker {
  readonly #inspector: ReturnType<InspectorPackage['createInspector']>;
  readonly #ofRoot = new ValueText(new Set(MACHINERY));
  readonly #ofOthers = new ValueText(new Set([...MACHINERY, ...SHARED]));
  /** Definitions as JSON text within JSON: the same for every actor of a machine, and long. */
  readonly #definitions = new WeakMap<object, string>();
  #made: ProtocolEvent | undefined;

  constructor({ createInspector }: InspectorPackage) {
    this.#inspector = createInspector({ send: (event) => (this.#made = event) });
  }

  /** Registers an actor, as it is now. */
  actor(actor: InspectedActor, rootId: string): string {
    const { sessionId, _parent: parent } = actor;
    const name = JSON.stringify(actorName(actor));
    const { config } = actor.logic;
    const definition =
      typeof config === 'object' && config !== null ? this.#definition(config) : JSON.stringify(`{"id":${name}}`);
    const { parentId = null } = this.#registered({ sessionId, _parent: parent, logic: {} });
    const start = opening('@xstate.actor', sessionId, rootId, this.#made!);
    const snapshot = this.#snapshot(actor.getSnapshot(), this.#textOf(actor));
    return `${start},"name":${name},"parentId":${JSON.stringify(parentId)},"definition":${definition},"snapshot":${snapshot}}`;
  }

  event({ rootId, actorRef, sourceRef, event }: Extract<InspectionEvent, { type: '@xstate.event' }>): string {
    const { sessionId } = inspectedActor(actorRef);
    this.#inspector.event(sessionId, event);
    const source = sourceRef === undefined ? 'null' : `"${inspectedActor(sourceRef).sessionId}"`;
    const start = opening('@xstate.event', sessionId, rootId, this.#made!);
    return `${start},"sourceId":${source},"event":${this.#eventText(event)}}`;
  }

  snapshot({ rootId, actorRef, event, snapshot }: Extract<InspectionEvent, { type: '@xstate.snapshot' }>): string {
    const actor = inspectedActor(actorRef);
    this.#inspector.snapshot(actor.sessionId, NOTHING, { event });
    const start = opening('@xstate.snapshot', actor.sessionId, rootId, this.#made!);
    return `${start},"event":${this.#eventText(event)},"snapshot":${this.#snapshot(snapshot, this.#textOf(actor))}}`;
  }

  /** What an actor begins with is in its context. */
  #eventText(event: { readonly type: string }): string {
    return event.type === 'xstate.init' ? '{"type":"xstate.init"}' : this.#ofOthers.of(event);
  }

  /** The package serialises each definition once. One that it cannot serialise leaves its actor without a chart. */
  #definition(config: object): string {
    const known = this.#definitions.get(config);
    if (known !== undefined) return known;
    let definition = '{}';
    try {
      definition = this.#registered({ sessionId: '', logic: { config } }).definition ?? definition;
    } catch {
      // An observer must not throw: the actors would suffer.
    }
    const text = JSON.stringify(definition);
    this.#definitions.set(config, text);
    return text;
  }

  #registered(shown: Pick<InspectedActor, 'sessionId' | '_parent' | 'logic'>) {
    this.#inspector.actor(shown as never);
    return this.#made as Extract<ProtocolEvent, { type: '@xstate.actor' }>;
  }

  #textOf({ _parent }: InspectedActor): ValueText {
    return _parent === undefined ? this.#ofRoot : this.#ofOthers;
  }

  #snapshot(snapshot: InspectedSnapshot | undefined, values: ValueText): string {
    if (snapshot === undefined) return '{"status":"active"}';
    const { status, value, context, output, error } = snapshot;
    let fields = `"status":"${status}"`;
    if (value !== undefined) fields += `,"value":${values.of(value)}`;
    if (context !== undefined) fields += `,"context":${values.of(context)}`;
    if (output !== undefined) fields += `,"output":${values.of(output)}`;
    if (error !== undefined) fields += `,"error":${values.of(error)}`;
    return `{${fields}}`;
  }
}

const NOTHING = {};

/** What every message begins with. Sessions are XState's (`x:1`): nothing in them needs to be escaped. */
function opening(type: string, sessionId: string, rootId: string | undefined, made: ProtocolEvent): string {
  const { createdAt, _version } = made;
  return `{"type":"${type}","sessionId":"${sessionId}","rootId":"${rootId}","createdAt":"${createdAt}","_version":"${_version}","id":null`;
}
