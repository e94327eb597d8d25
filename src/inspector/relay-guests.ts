import type { RawData, WebSocket } from 'ws';
import { ReceivingBudget, type ReceivingAllowance } from './receiving-budget.js';

/** What the relay needs to take in other programs' actors. */
export interface GuestOptions {
  /** Passes a guest's message on to those who look on. */
  readonly tell: (message: string) => void;
  /** A connection has shown that it sends: it is no onlooker. */
  readonly onSource: (socket: WebSocket) => void;
  readonly allowance?: ReceivingAllowance;
}

type GuestEvent = Readonly<Record<string, unknown>> & { readonly type: string; readonly sessionId: string };

/** An event as it is passed on. */
interface GuestMessage {
  readonly event: GuestEvent;
  readonly text: string;
}

/** Shared by all guests: to read a megabyte takes some 5 ms. */
const ALLOWANCE: ReceivingAllowance = { atOnce: 4 * 1024 * 1024, perSecond: 1024 * 1024 };
/** What is kept of guests for those who come late. */
const MOST_ACTORS = 500;
const MOST_TEXT = 4 * 1024 * 1024;
const TYPES: readonly string[] = ['@xstate.actor', '@xstate.event', '@xstate.snapshot'];
const SESSIONS = ['sessionId', 'rootId', 'parentId', 'sourceId'] as const;
const LONGEST_SESSION = 200;

const POLICY_VIOLATION = 1008;

/** The actors of other programs that send to this relay. Whatever is no message of the protocol ends its connection. */
export class RelayGuests {
  readonly #options: GuestOptions;
  readonly #budget: ReceivingBudget;
  /** Registration and last snapshot of actors that are alive, by session. */
  readonly #actors = new Map<string, { readonly actor: string; readonly snapshot: string | undefined }>();
  #kept = 0;
  #count = 0;

  constructor(options: GuestOptions) {
    this.#options = options;
    this.#budget = new ReceivingBudget(options.allowance ?? ALLOWANCE);
  }

  /** Listens to a connection that may turn out to be a guest's; `maySend` is false for a browser's. */
  listenTo(socket: WebSocket, maySend: boolean): void {
    let prefix: string | undefined;
    socket.on('message', (data: RawData, isBinary) => {
      const name = prefix ?? `guest-${this.#count + 1}/`;
      const isRead = maySend && !isBinary && this.#budget.take(sizeOf(data));
      const message = isRead ? guestMessage(textOf(data), name) : undefined;
      if (message === undefined) {
        socket.close(POLICY_VIOLATION, 'no inspection event, or too many');
        // Nothing more is read from it, not even its good-bye.
        socket.terminate();
        return;
      }
      if (prefix === undefined) {
        prefix = name;
        this.#count++;
        this.#options.onSource(socket);
      }
      this.#take(message);
    });
    socket.on('close', () => {
      for (const session of this.#actors.keys()) {
        if (prefix !== undefined && session.startsWith(prefix)) this.#forget(session);
      }
    });
  }

  /** Tells a newcomer of the guests' actors. */
  introduce(send: (message: string) => void): void {
    for (const { actor, snapshot } of this.#actors.values()) {
      send(actor);
      if (snapshot !== undefined) send(snapshot);
    }
  }

  #take({ event, text }: GuestMessage): void {
    const { type, sessionId } = event;
    if (type === '@xstate.actor') this.#keep(sessionId, text, undefined);
    else if (type === '@xstate.snapshot') {
      const known = this.#actors.get(sessionId);
      if (hasEnded(event)) this.#forget(sessionId);
      else if (known !== undefined) this.#keep(sessionId, known.actor, text);
    }
    this.#options.tell(text);
  }

  #keep(session: string, actor: string, snapshot: string | undefined): void {
    this.#forget(session);
    const size = actor.length + (snapshot?.length ?? 0);
    if (this.#actors.size >= MOST_ACTORS || this.#kept + size > MOST_TEXT) return;
    this.#actors.set(session, { actor, snapshot });
    this.#kept += size;
  }

  #forget(session: string): void {
    const known = this.#actors.get(session);
    if (known === undefined) return;
    this.#actors.delete(session);
    this.#kept -= known.actor.length + (known.snapshot?.length ?? 0);
  }
}

/** An inspection event of the protocol under the name of its guest; undefined for anything else. */
function guestMessage(text: string, prefix: string): GuestMessage | undefined {
  try {
    const value = JSON.parse(text) as Partial<GuestEvent> | null;
    if (typeof value !== 'object' || value === null) return undefined;
    const { type, sessionId, _version } = value;
    const isKnown = typeof type === 'string' && TYPES.includes(type) && typeof _version === 'string';
    if (!isKnown || typeof sessionId !== 'string' || sessionId.length > LONGEST_SESSION) return undefined;
    const event = renamed(value as GuestEvent, prefix);
    return { event, text: JSON.stringify(event) };
  } catch {
    // No JSON, or nested deeper than can be written again.
    return undefined;
  }
}

/** Programs number their sessions alike. */
function renamed(event: GuestEvent, prefix: string): GuestEvent {
  const ids: Record<string, string> = {};
  for (const name of SESSIONS) if (typeof event[name] === 'string') ids[name] = prefix + event[name];
  return { ...event, ...ids };
}

function hasEnded({ snapshot }: GuestEvent): boolean {
  const status = (snapshot as { status?: unknown } | null | undefined)?.status;
  return status !== undefined && status !== 'active';
}

function sizeOf(data: RawData): number {
  return Array.isArray(data) ? data.reduce((sum, part) => sum + part.length, 0) : data.byteLength;
}

function textOf(data: RawData): string {
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as Buffer).toString();
}
