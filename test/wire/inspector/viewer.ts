import { createServer, type Server, type Socket } from 'node:net';
import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import type { Diagnostic } from '../../../machines/rules/event-log.js';
import { createStatelyInspector, type StatelyInspector } from '../../../src/inspector/stately-inspector.js';

/** What the package's own receiver hears. */
export class Viewer {
  readonly heard: StatelyInspectionEvent[] = [];
  readonly #names = new Map<string, string>();

  constructor(server: string) {
    createWebSocketReceiver({ server }).subscribe((event) => {
      this.heard.push(event);
      if (event.type === '@xstate.actor') this.#names.set(event.sessionId, event.name);
    });
  }

  /** Names of actors it was told of, in their order. */
  get names(): string[] {
    return [...this.#names.values()];
  }

  /** What was said of an actor, by its name. */
  of(name: string | RegExp): Snapshot[] {
    return this.heard.flatMap((event) => {
      const named = this.#names.get(event.sessionId);
      const isIt = typeof name === 'string' ? named === name : named !== undefined && name.test(named);
      return isIt && 'snapshot' in event ? [event.snapshot as Snapshot] : [];
    });
  }

  /** Waits until something holds of it. */
  async until(holds: (self: this) => boolean): Promise<void> {
    await until(() => holds(this));
  }
}

export interface Snapshot {
  readonly status: string;
  readonly value?: unknown;
  readonly context?: Readonly<Record<string, unknown>>;
}

/** An inspector on a port of its own, with what it says of itself. */
export async function openInspector(): Promise<{
  readonly inspector: StatelyInspector;
  readonly viewers: string;
  readonly diagnostics: Diagnostic[];
}> {
  const diagnostics: Diagnostic[] = [];
  const inspector = await createStatelyInspector({ port: 0, onDiagnostic: (said) => diagnostics.push(said) });
  return { inspector, viewers: inspector.url!.replace('http:', 'ws:'), diagnostics };
}

export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A TCP server that answers as the test wrote down. */
export async function listenWith(answer: (socket: Socket) => void): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
