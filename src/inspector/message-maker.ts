import type { InspectionEvent } from 'xstate';
import { DutyTable } from '../../machines/rules/duty-table.js';
import { Registry } from '../../machines/rules/registry.js';
import type { InspectorPackage } from './inspector-package.js';
import { actorName, inspectedActor, type InspectedActor, type InspectedSnapshot } from './inspected-actor.js';
import { ValueText, type Shown } from './value-text.js';

type ProtocolEvent = Parameters<Parameters<InspectorPackage['createInspector']>[0]['send']>[0];

/** What says nothing to a person. */
const MACHINERY = ['clock', 'random'];
/** What every actor is given alike: the root shows it. */
const SHARED = ['chain', 'policy', 'claims'];
const UNCHANGING = [DutyTable, Registry];

/** What a viewer has been told of an actor. */
interface ToldActor {
  /** How every message of it goes on behind its type. */
  readonly address: string;
  readonly values: ValueText;
  context: Shown | undefined;
}

/**
 * Makes the protocol's messages. The package says what belongs into one; the text is ours, because the package would
 * serialise whole contexts.
 */
export class MessageMaker {
  readonly #inspector: ReturnType<InspectorPackage['createInspector']>;
  readonly #ofRoot = new ValueText({ leftOut: new Set(MACHINERY), unchanging: UNCHANGING });
  readonly #ofOthers = new ValueText({ leftOut: new Set([...MACHINERY, ...SHARED]), unchanging: UNCHANGING });
  /** Definitions as JSON text within JSON: the same for every actor of a machine, and long. */
  readonly #definitions = new WeakMap<object, string>();
  readonly #version: string;
  #told = new WeakMap<InspectedActor, ToldActor>();
  /** By logic, of all but roots: an actor begins much as the last one of its kind. */
  #lastContexts = new WeakMap<object, Shown>();
  /** An event is told when it is sent, and again with each snapshot that it led to. */
  #events = new WeakMap<object, string>();
  #made: ProtocolEvent | undefined;
  #time = { at: 0, text: '' };

  constructor({ createInspector }: InspectorPackage) {
    this.#inspector = createInspector({ send: (event) => (this.#made = event) });
    this.#inspector.event('', { type: '' });
    this.#version = this.#made!._version;
  }

  /** The time of the messages that follow, in ms. */
  setTime(at: number): void {
    if (at !== this.#time.at) this.#time = { at, text: `${at}","_version":"${this.#version}","id":null` };
  }

  /** Lets go of all contexts and events that were shown. */
  forget(): void {
    this.#told = new WeakMap();
    this.#lastContexts = new WeakMap();
    this.#events = new WeakMap();
  }

  /** Registers an actor, as it is now. */
  actor(actor: InspectedActor, rootId: string): string {
    const { _parent: parent } = actor;
    const name = JSON.stringify(actorName(actor));
    const { config } = actor.logic;
    const definition =
      typeof config === 'object' && config !== null ? this.#definition(config) : JSON.stringify(`{"id":${name}}`);
    const told = this.#toldOf(actor, rootId);
    const parentId = parent === undefined ? 'null' : `"${parent.sessionId}"`;
    const snapshot = this.#snapshot(actor, actor.getSnapshot(), told);
    return `{"type":"@xstate.actor${told.address}${this.#time.text},"name":${name},"parentId":${parentId},"definition":${definition},"snapshot":${snapshot}}`;
  }

  event({ rootId, actorRef, sourceRef, event }: Extract<InspectionEvent, { type: '@xstate.event' }>): string {
    const { address } = this.#toldOf(inspectedActor(actorRef), rootId);
    const source = sourceRef === undefined ? 'null' : `"${inspectedActor(sourceRef).sessionId}"`;
    return `{"type":"@xstate.event${address}${this.#time.text},"sourceId":${source},"event":${this.#eventText(event)}}`;
  }

  snapshot({ rootId, actorRef, event, snapshot }: Extract<InspectionEvent, { type: '@xstate.snapshot' }>): string {
    const actor = inspectedActor(actorRef);
    const told = this.#toldOf(actor, rootId);
    const text = this.#snapshot(actor, snapshot, told);
    return `{"type":"@xstate.snapshot${told.address}${this.#time.text},"event":${this.#eventText(event)},"snapshot":${text}}`;
  }

  #toldOf(actor: InspectedActor, rootId: string | undefined): ToldActor {
    const known = this.#told.get(actor);
    if (known !== undefined) return known;
    const { sessionId, _parent: parent, logic } = actor;
    const told = {
      // Sessions are XState's (`x:1`): nothing in them needs to be escaped.
      address: `","sessionId":"${sessionId}","rootId":"${rootId}","createdAt":"`,
      values: parent === undefined ? this.#ofRoot : this.#ofOthers,
      context: parent === undefined ? undefined : this.#lastContexts.get(logic),
    };
    this.#told.set(actor, told);
    return told;
  }

  /** What an actor begins with is in its context. */
  #eventText(event: { readonly type: string }): string {
    if (event.type === 'xstate.init') return '{"type":"xstate.init"}';
    const known = this.#events.get(event);
    if (known !== undefined) return known;
    const text = this.#ofOthers.of(event);
    this.#events.set(event, text);
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

  #snapshot(actor: InspectedActor, snapshot: InspectedSnapshot | undefined, told: ToldActor): string {
    if (snapshot === undefined) return '{"status":"active"}';
    const { status, value, context, output, error } = snapshot;
    const { values } = told;
    let fields = `"status":"${status}"`;
    if (value !== undefined) fields += `,"value":${values.of(value)}`;
    if (context !== undefined) {
      told.context = values.show(context, told.context);
      if (values === this.#ofOthers) this.#lastContexts.set(actor.logic, told.context);
      fields += `,"context":${told.context.text ?? 'null'}`;
    }
    if (output !== undefined) fields += `,"output":${values.of(output)}`;
    if (error !== undefined) fields += `,"error":${values.of(error)}`;
    return `{${fields}}`;
  }
}
