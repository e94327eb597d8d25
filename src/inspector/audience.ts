import type { WebSocket } from 'ws';
import type { Onlookers } from './inspection-feed.js';
import { Outlet, type OutletOptions } from './outlet.js';

/** Everyone who looks on now. */
export class Audience implements Onlookers {
  readonly #outlets = new Map<WebSocket, Outlet>();

  get size(): number {
    return this.#outlets.size;
  }

  get areThere(): boolean {
    return this.#outlets.size > 0;
  }

  /** Takes in an open connection; it leaves by itself when it closes. */
  admit(socket: WebSocket, options: OutletOptions): void {
    socket.once('close', () => this.#outlets.delete(socket));
    this.#outlets.set(socket, new Outlet(socket, options));
  }

  /** A connection that is no onlooker after all; it stays open. */
  release(socket: WebSocket): void {
    this.#outlets.get(socket)?.release();
    this.#outlets.delete(socket);
  }

  tell(message: string): void {
    for (const outlet of this.#outlets.values()) outlet.tell(message);
  }

  missSomething(): void {
    for (const outlet of this.#outlets.values()) outlet.missSomething();
  }

  close(): void {
    for (const outlet of this.#outlets.values()) outlet.close();
    this.#outlets.clear();
  }
}
