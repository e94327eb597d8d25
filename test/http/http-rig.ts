import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { serveHttp, type HttpServer } from '../../src/http/http-server.js';
import { createWireRig, type WireRig, type WireRigOptions } from '../support/wire-rig.js';

/** An answer as it came over the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; whoever asks knows its shape. */
  json<T>(): T;
}

/** A scheduler on a devnet, served over real HTTP. */
export interface HttpRig extends WireRig {
  readonly http: HttpServer;
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Reply>;
}

/** Serves a scheduler that the test starts. */
export async function createHttpRig(options: WireRigOptions = {}): Promise<HttpRig> {
  const rig = await createWireRig(options);
  const http = await serveHttp({
    scheduler: rig.scheduler,
    host: '127.0.0.1',
    port: 0,
    title: 'test',
  });
  return {
    ...rig,
    http,
    get: (path, headers, method) => ask(http.url, path, headers, method),
    async stop() {
      await http.close();
      await rig.stop();
    },
  };
}

/** One request with headers of the test's choice; `fetch` would not let it choose `host` or `origin`. */
export function ask(url: string, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const request = httpRequest({ hostname, port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, headers: received, text, json: <T>() => JSON.parse(text) as T });
      });
    });
    request.on('error', reject).end();
  });
}
