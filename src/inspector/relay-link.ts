import { WebSocket, type RawData } from 'ws';
import type { Diagnostic } from '../../machines/rules/event-log.js';
import type { Audience } from './audience.js';
import type { InspectionFeed } from './inspection-feed.js';
import { ReceivingBudget, type ReceivingAllowance } from './receiving-budget.js';

export interface RelayLinkOptions {
  /** `ws://` or `wss://`; credentials in it are used and never shown. */
  readonly url: string;
  readonly audience: Audience;
  readonly feed: Pick<InspectionFeed, 'introduce'>;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** A relay that stayed so long is asked soon when it goes. */
const STEADY_MS = 30_000;
const HANDSHAKE_MS = 5000;
/** A relay sends us what others send to it; nothing of it is of use. */
const LONGEST_FRAME = 8 * 1024 * 1024;
const ALLOWANCE: ReceivingAllowance = { atOnce: 32 * 1024 * 1024, perSecond: 4 * 1024 * 1024 };

/**
 * A connection to a relay that runs elsewhere. One that is down is asked again with growing pauses, one that goes away is
 * found again. Never holds the process.
 */
export class RelayLink {
  readonly #options: RelayLinkOptions;
  /** For diagnostics. */
  readonly #name: string;
  #socket: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #openedAt: number | undefined;
  #isClosed = false;
  #isDown = false;

  constructor(options: RelayLinkOptions) {
    this.#options = options;
    const { protocol, host } = new URL(options.url);
    this.#name = `${protocol}//${host}`;
    this.#dial();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.terminate();
  }

  #dial(): void {
    const socket = new WebSocket(this.#options.url, {
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: LONGEST_FRAME,
      perMessageDeflate: false,
      autoPong: false,
      finishRequest: (request) => {
        request.on('socket', (connection) => connection.unref());
        request.end();
      },
    });
    this.#socket = socket;
    const budget = new ReceivingBudget(ALLOWANCE);
    let reason = 'the connection was closed';
    socket.on('message', (data: RawData) => {
      if (budget.take((data as Buffer).byteLength)) return;
      reason = 'it sends too much';
      socket.terminate();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (reason = error.code ?? error.message));
    socket.on('open', () => this.#opened(socket));
    socket.on('close', () => this.#closed(reason));
  }

  #opened(socket: WebSocket): void {
    const { audience, feed, onDiagnostic } = this.#options;
    onDiagnostic({ level: 'info', message: `inspector: connected to ${this.#name}` });
    this.#isDown = false;
    this.#openedAt = performance.now();
    audience.admit(socket, {
      name: `inspector: ${this.#name}`,
      onDiagnostic,
      introduce: (send, done) => feed.introduce(send, done),
    });
  }

  #closed(reason: string): void {
    if (this.#isClosed) return;
    const message = `inspector: ${this.#name} is not there (${reason}); trying again`;
    // Said once for each time it goes.
    if (!this.#isDown) this.#options.onDiagnostic({ level: 'warn', message });
    this.#isDown = true;
    if (this.#openedAt !== undefined && performance.now() - this.#openedAt > STEADY_MS) this.#pauseMs = FIRST_PAUSE_MS;
    this.#openedAt = undefined;
    this.#timer = setTimeout(() => this.#dial(), this.#pauseMs).unref();
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
  }
}
