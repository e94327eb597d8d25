import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createNodeAgent } from '../../../services/beacon-node/http-client.js';

// In real time, and longer than the HTTP library's own default of 4 s.
const IDLE_MS = 4600;

it('a connection outlives the pause between two slots, also where the node names no limit', async () => {
  let connections = 0;
  const server = createServer((_request, response) => void response.end('{}'));
  server.keepAliveTimeout = 0;
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = createNodeAgent();
  const ask = async () => {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const response = await agent.request({ origin, path: '/', method: 'GET' });
    expect(response.headers['keep-alive']).toBeUndefined();
    await response.body.text();
  };
  await ask();
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  await ask();
  expect(connections).toBe(1);
  await agent.destroy();
  server.close();
}, 10_000);
