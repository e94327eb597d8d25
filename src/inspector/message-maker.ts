import type { InspectionEvent } from 'xstate';
import { contextText } from './context-texts.js';
import { actorName, inspectedActor, type InspectedActor, type InspectedSnapshot } from './inspected-actor.js';
import type { InspectorPackage } from './inspector-package.js';
import { jsonText, stateText, stringText } from './value-text.js';

type ProtocolEvent = Parameters<Parameters<InspectorPackage['createInspector']>[0]['send']>[0];

/** Events whose text is kept within a turn. A short list to look through beats a weak map, which touches cold memory. */
const LAST_EVENTS = 8;

/**
 * Makes the protocol's messages. The package says what belongs into one; the text is ours, because the package would
 * serialise whole contexts.
 */
export class MessageMaker {
  readonly #inspector: ReturnType<InspectorPackage['createInspector']>;
  readonly #version: string;
  /** Definitions as JSON text within JSON: the same for every actor of a machine, and long. */
  readonly #definitions = new WeakMap<object, string>();
  /** An event is told when it is sent, and soon again with the snapshot that it led to. */
  readonly #events: { event: object; text: string }[] = [];
  #made: ProtocolEvent | undefined;
  /** How every message goes on behind its address. */
  #time = '';

  constructor({ createInspector }: InspectorPackage) {
    this.#inspector = createInspector({ send: (event) => (this.#made = event) });
    this.#inspector.event('', { type: '' });
    this.#version = this.#made!._version;
  }

  /** The messages that follow are made in one turn, at a time in ms. */
  beginTurn(at: number): void {
    this.#time = `","createdAt":"${at}","_version":"${this.#version}","id":null,`;
  }

  /** Keeps no event alive: some are long, and nobody may look any more. */
  endTurn(): void {
    this.#events.length = 0;
  }

  /** Registers an actor that has just been made. What it begins with comes with its first snapshot. */
  newActor(actor: InspectedActor, rootId: string): string {
    return this.#registration(actor, rootId, '{"status":"active"}');
  }

  /** Registers an actor as it is now. */
  actor(actor: InspectedActor, rootId: string): string {
    const snapshot = actor.getSnapshot();
    const text = snapshot === undefined ? '{"status":"active"}' : snapshotText(snapshot, actor);
    return this.#registration(actor, rootId, text);
  }

  event({ rootId, actorRef, sourceRef, event }: Extract<InspectionEvent, { type: '@xstate.event' }>): string {
    const source = sourceRef === undefined ? '' : `"sourceId":"${inspectedActor(sourceRef).sessionId}",`;
    return `${this.#opening('event', inspectedActor(actorRef), rootId)}${source}"event":${this.#eventText(event)}}`;
  }

  snapshot({ rootId, actorRef, event, snapshot }: Extract<InspectionEvent, { type: '@xstate.snapshot' }>): string {
    const actor = inspectedActor(actorRef);
    return `${this.#opening('snapshot', actor, rootId)}"event":${this.#eventText(event)},"snapshot":${snapshotText(snapshot, actor)}}`;
  }

  #registration(actor: InspectedActor, rootId: string, snapshot: string): string {
    const { _parent: parent } = actor;
    const name = stringText(actorName(actor));
    const { config } = actor.logic;
    const definition =
      typeof config === 'object' && config !== null ? this.#definition(config) : nameAsDefinition(name);
    const parentId = parent === undefined ? '' : `"parentId":"${parent.sessionId}",`;
    return `${this.#opening('actor', actor, rootId)}${parentId}"name":${name},"definition":${definition},"snapshot":${snapshot}}`;
  }

  /** Sessions are XState's (`x:1`): nothing in them needs to be escaped. */
  #opening(type: 'actor' | 'event' | 'snapshot', { sessionId }: InspectedActor, rootId: string | undefined): string {
    return `{"type":"@xstate.${type}","sessionId":"${sessionId}","rootId":"${rootId}${this.#time}`;
  }

  #eventText(event: { readonly type: string }): string {
    // What an actor begins with is in its context.
    if (event.type === 'xstate.init') return '{"type":"xstate.init"}';
    for (const known of this.#events) if (known.event === event) return known.text;
    const text = readable(() => jsonText(event));
    if (this.#events.length === LAST_EVENTS) this.#events.shift();
    this.#events.push({ event, text });
    return text;
  }

  /** The package serialises each definition once. One that it cannot serialise leaves its actor without a chart. */
  #definition(config: object): string {
    const known = this.#definitions.get(config);
    if (known !== undefined) return known;
    let definition = '{}';
    try {
      this.#inspector.actor({ sessionId: '', logic: { config } } as never);
      definition = (this.#made as Extract<ProtocolEvent, { type: '@xstate.actor' }>).definition ?? definition;
    } catch {
      // An observer must not throw: the actors would suffer.
    }
    const text = JSON.stringify(definition);
    this.#definitions.set(config, text);
    return text;
  }
}

function snapshotText(snapshot: InspectedSnapshot, { logic }: InspectedActor): string {
  const { status, value, context, output, error } = snapshot;
  let text = `{"status":"${status}"`;
  if (value !== undefined) text += `,"value":${readable(() => stateText(value))}`;
  if (context !== undefined)
    text += `,"context":${readable(() => contextText(logic.id, context) ?? jsonText(context))}`;
  if (output !== undefined) text += `,"output":${readable(() => jsonText(output))}`;
  if (error !== undefined) text += `,"error":${readable(() => jsonText(error))}`;
  return `${text}}`;
}

/** An observer must not throw: the actors would suffer. */
function readable(text: () => string): string {
  try {
    return text();
  } catch (error) {
    return JSON.stringify(`unreadable: ${error instanceof Error ? error.message : 'it threw'}`);
  }
}

/** What is no machine has no chart but its name; JSON text within JSON, which a name without an escape needs only once. */
function nameAsDefinition(name: string): string {
  return name.includes('\\') ? JSON.stringify(`{"id":${name}}`) : `"{\\"id\\":\\"${name.slice(1, -1)}\\"}"`;
}
