import { WebSocket } from 'ws';
import type { Diagnostic } from '../../machines/rules/event-log.js';

export interface OutletOptions {
  /** How it is named in diagnostics. */
  readonly name: string;
  /** Tells of every actor that is alive, then calls `done`. */
  readonly introduce: (send: (message: string) => void, done: () => void) => void;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
  /** Bytes that may wait for a reader; default 8 MiB. */
  readonly mostWaiting?: number;
  /** Time after which a reader that does not read is let go; default 30 s. */
  readonly longestBehindMs?: number;
}

const MOST_WAITING = 8 * 1024 * 1024;
const LONGEST_BEHIND_MS = 30_000;
const LOOK_EVERY_MS = 250;
/** Answers to pings that may wait: a peer that asks and does not read gets no more of them. */
const MOST_WAITING_FOR_PONG = 64 * 1024;

/**
 * One open WebSocket that messages go out to. What it cannot take in time is dropped; when it has caught up it is told of
 * every actor anew, so that what it shows is right again. It never blocks, and never holds more than its bound.
 */
export class Outlet {
  readonly #socket: WebSocket;
  readonly #options: OutletOptions;
  #state: 'introducing' | 'live' | 'behind' | 'closed' = 'introducing';
  #dropped = 0;
  #behindSince = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, options: OutletOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('close', () => this.#end());
    socket.on('error', () => socket.terminate());
    socket.on('ping', (data: Buffer) => {
      if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount < MOST_WAITING_FOR_PONG) socket.pong(data);
    });
    this.#introduce();
  }

  tell(message: string): void {
    if (this.#state === 'live') this.#write(message);
    else if (this.#state === 'behind') this.#dropped++;
  }

  /** Something was lost on the way here. */
  missSomething(): void {
    if (this.#state !== 'closed') this.#fallBehind();
  }

  /** Tells no more; the connection stays. */
  release(): void {
    this.#end();
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#end();
    this.#socket.close(1001);
    // A peer that does not answer to the good-bye is not waited for.
    this.#socket.terminate();
  }

  #introduce(): void {
    this.#state = 'introducing';
    this.#options.introduce(
      (message) => this.#write(message),
      () => {
        if (this.#state === 'introducing') this.#state = 'live';
      },
    );
  }

  #write(message: string): void {
    if (this.#state === 'closed' || this.#socket.readyState !== WebSocket.OPEN) return;
    const { mostWaiting = MOST_WAITING } = this.#options;
    if (this.#state === 'behind') this.#dropped++;
    else if (this.#socket.bufferedAmount + message.length > mostWaiting) this.#fallBehind();
    else this.#socket.send(message);
  }

  #fallBehind(): void {
    this.#dropped++;
    if (this.#state === 'behind') return;
    this.#state = 'behind';
    this.#behindSince = performance.now();
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  /** Looks whether a reader that fell behind has read everything by now. */
  #look(): void {
    const { name, onDiagnostic, longestBehindMs = LONGEST_BEHIND_MS } = this.#options;
    if (this.#socket.bufferedAmount === 0) {
      this.#stopLooking();
      onDiagnostic({ level: 'warn', message: `${name} was too slow: ${this.#dropped} messages were dropped` });
      this.#dropped = 0;
      this.#introduce();
    } else if (performance.now() - this.#behindSince > longestBehindMs) {
      onDiagnostic({ level: 'warn', message: `${name} does not read: let go, ${this.#dropped} messages were dropped` });
      this.#socket.terminate();
      this.#end();
    }
  }

  #stopLooking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #end(): void {
    this.#state = 'closed';
    this.#stopLooking();
  }
}
