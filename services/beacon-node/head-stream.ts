import { ErrorEvent, EventSource, type EventSourceFetchInit, type FetchLikeResponse } from 'eventsource';
import { type Dispatcher, fetch, type Response } from 'undici';
import type { BeaconNodeError, Clock, HeadEvent, HeadStreamListener } from '../../machines/ports.js';
import { httpError, schemaError, tooLargeError, transportError } from './failures.js';
import { outcomeOf, parseJson, type ExchangeObserver, type NodeExchange } from './http-client.js';
import { type NodeAddress, requestTarget } from './node-address.js';
import { readText } from './response-text.js';
import { ANSWERS, readAnswer } from './schemas.js';
import { SseEventMeter } from './sse-event-meter.js';

const PATH = '/eth/v1/events';
const ENDPOINT = `GET ${PATH}`;
const EVENT = `${ENDPOINT} head`;
const MAX_EVENT_BYTES = 1024 * 1024;
/** For reading why a node refuses the stream. */
const REFUSAL_BUDGET_MS = 2000;
const MAX_REFUSAL_BYTES = 64 * 1024;

/** What one connection needs. */
export interface HeadStreamSource {
  readonly address: NodeAddress;
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  readonly observer?: ExchangeObserver | undefined;
}

/**
 * Opens one connection to `GET /eth/v1/events?topics=head`. It is never reopened here: after `closed` that is for the
 * caller to do, on the caller's clock. There is no time limit, since an open stream of some nodes shows no response
 * headers until its first event.
 */
export function openHeadStream(source: HeadStreamSource, listener: HeadStreamListener, signal: AbortSignal): void {
  if (!signal.aborted) new HeadStream(source, listener, signal);
}

class HeadStream {
  readonly #meter = new SseEventMeter();
  readonly #events: EventSource;
  readonly #giveUp = () => this.#end(undefined);
  readonly #askedAt: number;
  #isOpen = false;
  #over = false;

  constructor(
    private readonly source: HeadStreamSource,
    private readonly listener: HeadStreamListener,
    private readonly signal: AbortSignal,
  ) {
    this.#askedAt = source.clock.now();
    // No credentials in this URL: EventSource shows it in its events. They go with the headers.
    const url = source.address.origin + requestTarget(source.address, PATH, 'topics=head');
    this.#events = new EventSource(url, { fetch: (target, init) => this.#connect(target, init) });
    this.#events.addEventListener('head', (event) => this.#head(event.data));
    this.#events.addEventListener('error', (event: Event) => {
      // An event that the node itself calls "error" arrives here too, as a message.
      if (event instanceof ErrorEvent) this.#end(schemaError(ENDPOINT, '', event.message ?? 'no event stream'));
    });
    signal.addEventListener('abort', this.#giveUp, { once: true });
  }

  /**
   * EventSource's fetch. Every end of the connection is noticed here, before EventSource sees it and would reconnect
   * after 3 s of its own.
   */
  async #connect(url: string | URL, init: EventSourceFetchInit): Promise<FetchLikeResponse> {
    try {
      const response = await fetch(url, {
        headers: this.#headers(init.headers),
        signal: init.signal as AbortSignal,
        redirect: 'manual',
        dispatcher: this.source.dispatcher,
      });
      if (response.status !== 200) throw await this.#refusal(response);
      const contentType = response.headers.get('content-type') ?? '';
      if (!contentType.startsWith('text/event-stream') || response.body === null) {
        throw schemaError(ENDPOINT, '', 'expected an event stream (text/event-stream)');
      }
      if (!this.#over) this.#opened(response.headers.get('date') ?? undefined);
      return {
        url: response.url,
        status: 200,
        redirected: false,
        headers: response.headers,
        body: this.#tapped(response.body),
      };
    } catch (error) {
      this.#end(transportError(ENDPOINT, error));
      throw error;
    }
  }

  #opened(date: string | undefined): void {
    this.#isOpen = true;
    this.#tell('2xx', date);
    this.listener.opened();
  }

  #headers(ofEventSource: Readonly<Record<string, string>>): Record<string, string> {
    // Compressed, an event may wait in a proxy's buffer until more follow.
    const headers: Record<string, string> = { ...ofEventSource, 'accept-encoding': 'identity' };
    if (this.source.address.authorization !== undefined) headers['authorization'] = this.source.address.authorization;
    return headers;
  }

  async #refusal(response: Response): Promise<BeaconNodeError> {
    const withoutReason = httpError(ENDPOINT, response.status, undefined);
    if (response.body === null) return withoutReason;
    const timer = this.source.clock.setTimeout(() => this.#end(withoutReason), REFUSAL_BUDGET_MS);
    try {
      return httpError(ENDPOINT, response.status, await readText(response.body, MAX_REFUSAL_BYTES));
    } catch {
      return withoutReason;
    } finally {
      this.source.clock.clearTimeout(timer);
    }
  }

  /** The body, with every chunk seen before EventSource gets it: comments, which it swallows, are signs of life too. */
  #tapped(body: NonNullable<Response['body']>): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        let chunk: Uint8Array | undefined;
        try {
          // A done read has no value.
          chunk = (await reader.read()).value as Uint8Array | undefined;
          if (chunk === undefined) this.#end(transportError(ENDPOINT, new Error('the node ended the stream')));
        } catch (error) {
          this.#end(transportError(ENDPOINT, error));
        }
        if (chunk === undefined) controller.close();
        else {
          controller.enqueue(chunk);
          this.#received(chunk);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    });
  }

  #received(chunk: Uint8Array): void {
    if (this.#over) return;
    // Behind the head that it may bring: duties wait for that.
    setImmediate(() => {
      if (!this.#over) this.listener.alive();
    });
    if (this.#meter.largestAfter(chunk) > MAX_EVENT_BYTES) this.#end(tooLargeError(EVENT, MAX_EVENT_BYTES));
  }

  #head(data: unknown): void {
    if (this.#over) return;
    let head: HeadEvent;
    try {
      head = readAnswer(ANSWERS.headEvent, EVENT, parseJson(EVENT, String(data)));
    } catch (error) {
      this.listener.malformed(transportError(EVENT, error));
      return;
    }
    this.listener.head(head);
  }

  /** @param reason Undefined where the caller gave up, who then hears nothing more. */
  #end(reason: BeaconNodeError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.signal.removeEventListener('abort', this.#giveUp);
    this.#events.close();
    this.#tell(reason === undefined ? 'aborted' : this.#isOpen ? 'closed' : outcomeOf(reason), undefined);
    if (reason !== undefined) this.listener.closed(reason);
  }

  #tell(outcome: NodeExchange['outcome'], date: string | undefined): void {
    const { observer, clock } = this.source;
    observer?.({ endpoint: ENDPOINT, outcome, isStream: true, sentAt: this.#askedAt, endedAt: clock.now(), date });
  }
}
