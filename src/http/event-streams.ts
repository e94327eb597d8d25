import type { FastifyReply } from 'fastify';
import { HttpRefusal } from './refusal.js';

const MOST_STREAMS = 24;
/** A viewer that does not read is let go; it comes back by itself. */
const MOST_WAITING_BYTES = 1024 * 1024;
/** Shorter than what common proxies take for dead. */
const SIGN_OF_LIFE_MS = 15_000;

/** One viewer's stream of server-sent events. */
export interface EventStream {
  readonly send: (event: string, data: unknown) => void;
}

/** The open streams of server-sent events: so many, each with so much waiting to be read. */
export class EventStreams {
  readonly #open = new Set<{ readonly end: () => void }>();

  /**
   * Answers with a stream. `begin` starts what feeds it and returns how to stop that, which happens when the viewer goes.
   * @throws HttpRefusal (503) when there are too many
   */
  open(reply: FastifyReply, begin: (stream: EventStream) => () => void): FastifyReply {
    if (this.#open.size >= MOST_STREAMS) {
      throw new HttpRefusal(503, `${MOST_STREAMS} viewers are looking on already`, { 'retry-after': '30' });
    }
    reply.hijack();
    const { raw } = reply;
    const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };
    raw.writeHead(200, headers as Record<string, string>);
    const write = (text: string) => {
      raw.write(text);
      if (raw.writableLength > MOST_WAITING_BYTES) raw.destroy();
    };
    write(': hello\n\n');
    const signs = setInterval(() => write(': alive\n\n'), SIGN_OF_LIFE_MS);
    const stop = begin({ send: (event, data) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`) });
    const viewer = { end: () => raw.destroy() };
    this.#open.add(viewer);
    raw.on('error', () => undefined);
    raw.once('close', () => {
      clearInterval(signs);
      stop();
      this.#open.delete(viewer);
    });
    return reply;
  }

  closeAll(): void {
    for (const { end } of [...this.#open]) end();
  }
}
