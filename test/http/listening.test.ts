import { afterEach, expect, test } from 'vitest';
import { serveHttp } from '../../src/http/http-server.js';
import { createScriptedRig, type ScriptedRig } from '../support/scripted-rig.js';

let rig: ScriptedRig;
afterEach(() => rig.stop());

/** Sockets of this process that others may connect to. */
const listening = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;

test('a scheduler listens nowhere; its page at the address that was given, and nowhere else', async () => {
  const before = listening();
  rig = createScriptedRig();
  await rig.startAt(8);
  expect(listening()).toBe(before);
  const server = await serveHttp({ scheduler: rig.scheduler, host: '127.0.0.1', port: 0, title: 'test' });
  expect(listening()).toBe(before + 1);
  expect(new URL(server.url).hostname).toBe('127.0.0.1');
  // Every address of 127.0.0.0/8 is this machine's: on another one nobody answers.
  await expect(fetch(server.url.replace('127.0.0.1', '127.0.0.2'))).rejects.toThrow();
  await server.close();
});
