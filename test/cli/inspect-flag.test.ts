import { beforeAll, describe, expect } from 'vitest';
import { builtCommand } from '../support/built-command.js';
import { test, type CommandProcess } from '../support/command-process.js';
import { listenWith, Viewer } from '../wire/inspector/viewer.js';

const DEVNET = ['devnet', '--slot-ms', '500'];

beforeAll(() => void builtCommand(), 60_000);

async function pageOf(process: CommandProcess): Promise<string> {
  const address = /inspector: open (http:\/\/127\.0\.0\.1:\d+) in a browser/;
  await process.until(({ stderr }) => address.test(stderr));
  return address.exec(process.stderr)![1]!;
}

describe('--inspect', () => {
  test('says where to look; a viewer sees the roles at work and does not keep the process', async ({ bench }) => {
    const process = bench.start([...DEVNET, '--inspect', '0']);
    const viewer = new Viewer((await pageOf(process)).replace('http:', 'ws:'));
    await viewer.until((seen) => seen.of(/^attester\/attester-\d+$/).some(({ status }) => status === 'done'));
    expect(await process.interrupt()).toBe(0);
  });

  test('by its variable; false is off', async ({ bench }) => {
    const process = bench.start(DEVNET, { SSV_DUTY_SCHEDULER_INSPECT: '0' });
    await pageOf(process);
    expect(await process.interrupt()).toBe(0);
    const without = bench.start(DEVNET, { SSV_DUTY_SCHEDULER_INSPECT: 'false' });
    await without.until(({ stdout }) => stdout.includes('scheduler'));
    expect(await without.interrupt()).toBe(0);
    expect(without.stderr).not.toContain('inspector');
  });

  test('a relay that is not there, or never answers, is said once and holds up nothing', async ({ bench }) => {
    const silent = await listenWith(() => undefined);
    try {
      const gone = bench.start([...DEVNET, '--inspect', 'ws://user:secret@127.0.0.1:1']);
      const mute = bench.start([...DEVNET, '--inspect', `ws://127.0.0.1:${silent.port}`]);
      await gone.until(({ stdout }) => /attester .*met/.test(stdout));
      await mute.until(({ stdout }) => /attester .*met/.test(stdout));
      expect(gone.stderr.match(/inspector: ws:\/\/127\.0\.0\.1:1 is not there \(ECONNREFUSED\)/g)).toHaveLength(1);
      expect(gone.stderr).not.toContain('secret');
      expect(await Promise.all([gone.interrupt(), mute.interrupt()])).toEqual([0, 0]);
    } finally {
      silent.close();
    }
  });

  test('two schedulers on one relay', async ({ bench }) => {
    const host = bench.start([...DEVNET, '--inspect', '0']);
    const relay = (await pageOf(host)).replace('http:', 'ws:');
    const guest = bench.start([...DEVNET, '--seed', '2', '--inspect', relay]);
    await guest.until(({ stderr }) => stderr.includes('inspector: connected to'));
    const viewer = new Viewer(relay);
    await viewer.until(({ names }) => names.filter((name) => name === 'attester').length === 2);
    expect(await guest.interrupt()).toBe(0);
    expect(await host.interrupt()).toBe(0);
  });
});
