import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { NodeFault } from './fault-plan.js';
import { wrongAnswer, wrongEvent } from './wrong-answers.js';

const HOST = '127.0.0.1';
const STREAM_PATH = '/eth/v1/events';
/** Of a trickle. */
const DROP_BYTES = 24;
const DROP_MS = 50;

export interface FaultyProxyOptions {
  /** Address of the healthy node behind it. */
  readonly target: string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Longest time after which a doubled head comes again, in ms. */
  readonly againMs: number;
}

/** The address of a node, in front of a healthy one: what goes wrong there goes wrong here. */
export class FaultyProxy {
  readonly #options: FaultyProxyOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Set<HeadFrames>();
  readonly #active = new Map<NodeFault, number>();
  #server: Server | undefined;
  #port = 0;

  constructor(options: FaultyProxyOptions) {
    this.#options = options;
  }

  get url(): string {
    return `http://${HOST}:${this.#port}`;
  }

  async start(): Promise<void> {
    const server = createServer((asked, reply) => this.#serve(asked, reply));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, HOST, resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Begins a fault; the returned function ends it. The same one may be begun several times. */
  async begin(fault: NodeFault): Promise<() => Promise<void>> {
    const count = this.#active.get(fault) ?? 0;
    this.#active.set(fault, count + 1);
    if (fault === 'down' && count === 0) await this.#stop();
    if (fault === 'hang') for (const stream of this.#streams) stream.fallSilent();
    return async () => {
      const left = this.#active.get(fault)! - 1;
      this.#active.set(fault, left);
      if (fault === 'down' && left === 0) await this.start();
    };
  }

  async close(): Promise<void> {
    await this.#stop();
    this.#agent.destroy();
  }

  async #stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.resetAndDestroy();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  readonly #has = (fault: NodeFault): boolean => (this.#active.get(fault) ?? 0) > 0;

  #serve(asked: IncomingMessage, reply: ServerResponse): void {
    if (this.#has('hang')) return void asked.resume();
    if (this.#has('errors')) {
      asked.resume();
      reply.writeHead(500, { 'content-type': 'application/json' });
      return void reply.end('{"code":500,"message":"Internal error"}');
    }
    const { method, url, headers } = asked;
    const forwarded = request(this.#options.target + url, { method, headers, agent: this.#agent }, (answer) => {
      if (url!.startsWith(STREAM_PATH)) this.#stream(answer, reply);
      else void this.#answer(answer, reply);
    });
    forwarded.on('error', () => reply.destroy());
    reply.once('close', () => forwarded.destroy());
    asked.pipe(forwarded);
  }

  async #answer(answer: IncomingMessage, reply: ServerResponse): Promise<void> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      // Asked before it began to hang: that does not answer either.
      if (this.#has('hang')) return;
      let body = Buffer.concat(chunks);
      if (this.#has('wrong-json')) body = Buffer.from(wrongAnswer(body.toString(), this.#options.random()));
      const { 'transfer-encoding': _, ...headers } = answer.headers;
      reply.writeHead(answer.statusCode!, { ...headers, 'content-length': body.length });
      await sendPieces(reply, body, () => this.#has('trickle'));
      reply.end();
    } catch {
      // Whoever asked is gone, or the node behind is.
      reply.destroy();
    }
  }

  #stream(answer: IncomingMessage, reply: ServerResponse): void {
    if (this.#has('hang')) return void answer.resume();
    reply.writeHead(answer.statusCode!, answer.headers).flushHeaders();
    const stream = new HeadFrames(reply, this.#has, this.#options);
    this.#streams.add(stream);
    reply.once('close', () => this.#streams.delete(stream));
    answer.setEncoding('utf8').on('data', (text: string) => stream.take(text));
    answer.once('end', () => reply.end());
    answer.once('error', () => reply.destroy());
  }
}

/** One event stream on its way to the client. */
class HeadFrames {
  #rest = '';
  #silent = false;
  #sent: Promise<void> = Promise.resolve();

  constructor(
    private readonly reply: ServerResponse,
    private readonly has: (fault: NodeFault) => boolean,
    private readonly options: Pick<FaultyProxyOptions, 'random' | 'againMs'>,
  ) {}

  /** From now on it is open and dead. */
  fallSilent(): void {
    this.#silent = true;
  }

  take(text: string): void {
    const frames = (this.#rest + text).split('\n\n');
    this.#rest = frames.pop()!;
    for (const frame of frames) this.#pass(`${frame}\n\n`);
  }

  #pass(frame: string): void {
    const { has } = this;
    if (!frame.startsWith('event: head\n')) return this.#send(frame);
    if (has('heads-missing')) return;
    if (has('wrong-json')) return this.#send(wrongEvent(this.options.random()));
    const shown = has('roots-swapped') ? swapRoots(frame) : frame;
    this.#send(shown);
    if (has('heads-doubled')) setTimeout(() => this.#send(shown), this.options.random() * this.options.againMs);
  }

  #send(text: string): void {
    const isSlow = () => this.has('trickle');
    this.#sent = this.#sent.then(async () => {
      if (!this.#silent) await sendPieces(this.reply, Buffer.from(text), isSlow);
    });
  }
}

/** Writes bytes, a few at a time as long as that is asked for. */
async function sendPieces(reply: ServerResponse, bytes: Buffer, isSlow: () => boolean): Promise<void> {
  for (let sent = 0; sent < bytes.length && !reply.destroyed;) {
    const upTo = isSlow() ? sent + DROP_BYTES : bytes.length;
    reply.write(bytes.subarray(sent, upTo));
    sent = upTo;
    if (sent < bytes.length) await delay(DROP_MS);
  }
}

function swapRoots(frame: string): string {
  return frame
    .replace('"previous_duty_dependent_root"', '"swapped"')
    .replace('"current_duty_dependent_root"', '"previous_duty_dependent_root"')
    .replace('"swapped"', '"current_duty_dependent_root"');
}
