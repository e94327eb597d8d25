import { connect } from 'node:net';
import { serveHttp } from '../../../src/http/http-server.js';
import { createRig } from '../../support/rig.js';
import { mustHold, type FuzzTarget } from '../fuzz-target.js';

/** A request that is never answered, nor turned away, hangs. */
const LONGEST_ANSWER_MS = 15_000;

const REQUESTS = [
  'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:8645\r\n\r\n',
  'HEAD /readyz HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nAccept: */*\r\n\r\n',
  'GET /api/timeline?epochs=1 HTTP/1.1\r\nHost: [::1]:80\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n\r\n',
  'GET /api/explain?validator=7&slot=3 HTTP/1.1\r\nHost: scheduler:8645\r\nCookie: a=b\r\n\r\n',
  'GET /api/explain?validator=7&epoch=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n',
  'GET /style.css?%5B__proto__%5D=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nIf-None-Match: "x"\r\nRange: bytes=0-5\r\n\r\n',
  'GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nLast-Event-ID: 7\r\n\r\n',
  'POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}',
  'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: eA==\r\n\r\n',
];

/** Our own server, byte for byte: each request is answered or turned away, and never with an error of ours. */
export const HTTP_REQUESTS: FuzzTarget = {
  name: 'http-requests',
  samples: () => REQUESTS,
  async open() {
    const rig = createRig({ devnet: { validatorCount: 4 } });
    const server = await serveHttp({
      scheduler: rig.scheduler,
      clock: rig.clock,
      title: 'fuzz',
      host: '127.0.0.1',
      port: 0,
    });
    await rig.start();
    await rig.runTo(4);
    const port = Number(new URL(server.url).port);
    const feed = (input: Buffer) =>
      new Promise<number | undefined>((resolve, reject) => {
        let head = '';
        const socket = connect({ port, host: '127.0.0.1' });
        const timer = setTimeout(() => reject(new Error('no answer')), LONGEST_ANSWER_MS);
        const end = () => {
          clearTimeout(timer);
          socket.destroy();
          try {
            resolve(takenBy(head));
          } catch (error) {
            reject(error);
          }
        };
        socket.on('connect', () => socket.end(input));
        socket.on('data', (bytes) => {
          head += bytes.toString('latin1');
          // The first line says it all; the rest of the answer may be a stream.
          if (head.includes('\r\n')) end();
        });
        socket.on('error', end);
        socket.on('close', end);
      });
    return {
      feed,
      async close() {
        await server.close();
        await rig.stop();
      },
    };
  },
};

function takenBy(head: string): number | undefined {
  if (head === '') return undefined;
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  mustHold(status >= 100 && (status < 500 || status === 503), () => `the answer ${head.slice(0, 100)}`);
  return status < 400 ? 1 : undefined;
}
