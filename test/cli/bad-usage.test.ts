import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runInProcess as run } from '../support/in-process-command.js';

const NODE = ['--beacon-node', 'http://127.0.0.1:1'];
const RUN = ['run', ...NODE, '--validators', '1'];
const CONTRACT = ['run', ...NODE, '--execution-node', 'http://127.0.0.1:2'];
const ADDRESS = '0xDD9BC35aE942eF0cFa76930954a156B3fF30a4E1';

async function expectBadUsage(args: readonly string[], says: RegExp): Promise<void> {
  const { code, stdout, stderr } = await run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  expect(stderr).toMatch(says);
}

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('bad usage ends with exit code 2 and one line that says what is wrong', () => {
  test.each<[string[], RegExp]>([
    [[], /a command is missing: devnet, run, replay or explain/],
    [['fly'], /unknown command 'fly'/],
    [['--fly'], /unknown option '--fly'/],
    [['run', ...NODE], /--validators is missing/],
    [['run', '--validators', '1'], /--beacon-node is missing/],
    [[...RUN, '--execution-node', 'http://127.0.0.1:2'], /--validators and --execution-node exclude each other/],
    [[...RUN, '--network', 'hoodi'], /--network needs --execution-node/],
    [[...RUN, '--operator-id', '7'], /--operator-id needs --execution-node/],
    [[...RUN, '--resync'], /--resync needs --execution-node/],
    [CONTRACT, /--network is missing: mainnet, hoodi, holesky, sepolia; or --contract with --contract-start-block/],
    [[...CONTRACT, '--network', 'goerli'], /--network: "goerli" is none of mainnet, hoodi, holesky, sepolia/],
    [[...CONTRACT, '--contract', ADDRESS], /--contract-start-block is missing/],
    [[...CONTRACT, '--network', 'hoodi', '--contract', ADDRESS], /--network and --contract exclude each other/],
    [
      [...CONTRACT, '--network', 'hoodi', '--contract-start-block', '1'],
      /--contract-start-block belongs to --contract/,
    ],
    [[...CONTRACT, '--contract', '0x12', '--contract-start-block', '1'], /--contract: expected an address/],
    [
      [...CONTRACT, '--contract', ADDRESS.replace('DD', 'dD'), '--contract-start-block', '1'],
      /--contract: expected an address, 20 bytes of 0x hex with a right checksum/,
    ],
    [[...CONTRACT, '--network', 'hoodi', '--operator-id', '0'], /--operator-id: "0" is not a whole number from 1/],
    [[...CONTRACT, '--network', 'hoodi', '--follow-distance', 'x'], /--follow-distance: "x" is not a whole number/],
    [
      ['run', ...NODE, '--execution-node', 'ftp://user:secret@host', '--network', 'hoodi'],
      /--execution-node: an execution node address must begin with http:\/\/, https:\/\/, ws:\/\/ or wss:\/\/$/m,
    ],
    [['run', '--beacon-node'], /'--beacon-node <url>' argument missing/],
    [[...RUN, '--fly'], /unknown option '--fly'/],
    [[...RUN, '--role', 'attester'], /unknown option '--role' \(Did you mean --roles\?\)/],
    [[...RUN, 'extra'], /too many arguments/],
    [[...RUN, '--http', 'localhost'], /--http: "localhost" is no address such as 127\.0\.0\.1:8645, nor off/],
    [[...RUN, '--http', '127.0.0.1:70000'], /--http: "127\.0\.0\.1:70000" is no address/],
    [[...RUN, '--http', '::1:80'], /--http: "::1:80" is no address/],
    [[...RUN, '--http', '192.0.2.1:80'], /--http: 192\.0\.2\.1:80 is no address of this machine/],
    [[...RUN, '--chain-only'], /unknown option '--chain-only'/],
    [[...RUN, '--roles'], /'--roles <list>' argument missing/],
    [[...RUN, '--roles', ''], /--roles: "" is no role; roles are attester, proposer, sync-committee/],
    [[...RUN, '--roles', 'attester,baker'], /--roles: "baker" is no role/],
    [[...RUN, ...NODE], /--beacon-node: http:\/\/127\.0\.0\.1:1 is given twice/],
    [['run', '--validators', '1', '--beacon-node', 'localhost'], /--beacon-node: .* must be a full URL/],
    [['run', '--validators', '1', '--beacon-node', ''], /--beacon-node: .* must be a full URL/],
    [['run', '--validators', '1', '--beacon-node', 'ftp://host'], /--beacon-node: .*http:\/\/ or https:\/\//],
    [['run', ...NODE, '--validators', ''], /--validators: names no validator/],
    [['run', ...NODE, '--validators', '1,x'], /--validators: "x" is neither a validator index nor a 0x pubkey/],
    [['run', ...NODE, '--validators', '1,,2'], /--validators: "" is neither/],
    [['run', ...NODE, '--validators', '0x12'], /--validators: "0x12" is neither/],
    [['run', ...NODE, '--validators', '4294967296'], /--validators: "4294967296" is neither/],
    [['run', ...NODE, '--validators', 'gone.txt'], /--validators: gone\.txt cannot be read: there is no such file/],
    [['run', ...NODE, '--validators', tmpdir()], /--validators: .* cannot be read: it is a folder/],
    [[...RUN, '--head-grace', 'soon'], /--head-grace: "soon" is not a whole number from 0/],
    [[...RUN, '--head-grace', '1.5'], /--head-grace: "1.5" is not a whole number/],
    [[...RUN, '--head-grace=-1'], /--head-grace: "-1" is not a whole number/],
    [[...RUN, '--participation-delay', '-2'], /--participation-delay: "-2" is not a whole number from 0/],
    [[...RUN, '--late', 'sometimes'], /--late: "sometimes" is none of never, journal, always/],
    [[...RUN, '--log-format', 'xml'], /--log-format: "xml" is none of pretty, json/],
    [[...RUN, '--data-dir', ''], /--data-dir: names no folder/],
    [['devnet', '--beacon-port', '65536'], /--beacon-port: "65536" is not a whole number from 0 to 65535/],
    [['devnet', '--slot-ms', '0'], /--slot-ms: "0" is not a whole number from 100/],
    [['devnet', '--seed', 'abc'], /--seed: "abc" is not a whole number/],
    [
      ['devnet', '--inspect', 'http://127.0.0.1:1'],
      /--inspect: the address of a relay begins with ws:\/\/ or wss:\/\//,
    ],
    [['devnet', '--inspect', 'maybe'], /--inspect: the relay has no valid address, such as ws:\/\/127\.0\.0\.1:8646/],
    [['devnet', '--inspect', 'ws://127.0.0.1:1/#x'], /--inspect: the address of a relay has no part behind a '#'/],
    [['devnet', '--inspect', '65536'], /--inspect: "65536" is not a whole number from 0 to 65535/],
    [['devnet', '--inspect', '--chain-only'], /--inspect: with --chain-only there is no scheduler/],
    [['devnet', '--validators', '1'], /unknown option '--validators'/],
  ])('%j', expectBadUsage);

  test('credentials of an address that cannot be are not repeated', async () => {
    const { code, stderr } = await run(['run', '--validators', '1', '--beacon-node', 'htp://user:secret@host']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: --beacon-node: /);
    expect(stderr).not.toContain('secret');
  });

  test.each([`--beacon-nod=http://user:secret@host`, 'http://user:secret@host'])(
    'nor those of a word that nobody knows: %s',
    async (word) => {
      const { code, stderr } = await run([word]);
      expect(code).toBe(2);
      expect(stderr).toContain('http://…@host');
    },
  );

  test.each([
    ['# nobody\n\n', /list\.txt names no validator/],
    ['', /list\.txt names no validator/],
    ['1\n2 # two\n\nthree\n', /list\.txt, line 4: "three" is neither/],
    ['1\r\n0xzz\r\n', /list\.txt, line 2: "0xzz" is neither/],
    ['\u0000\u001b[2J\n', /list\.txt, line 1: /],
  ])('a validators file with %j', async (content, says) => {
    const file = join(folder, 'list.txt');
    writeFileSync(file, content);
    await expectBadUsage(['run', ...NODE, '--validators', file], says);
    expect((await run(['run', ...NODE, '--validators', file])).stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  test.each([
    ['--beacon-port', 'is already in use'],
    ['--inspect', 'is taken'],
  ])('a port that is taken, for %s', async (flag, taken) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    try {
      const says = new RegExp(`${flag}: port ${port} on 127\\.0\\.0\\.1 ${taken}`);
      await expectBadUsage(['devnet', flag, String(port)], says);
    } finally {
      other.close();
    }
  });

  test('an address for --http that is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    try {
      const says = new RegExp(`--http: 127\\.0\\.0\\.1:${port} is already in use`);
      await expectBadUsage(['devnet', '--http', `127.0.0.1:${port}`], says);
      await expectBadUsage([...RUN, '--http', `127.0.0.1:${port}`, '--data-dir', folder], says);
    } finally {
      other.close();
    }
  });
});

describe('what is no bad usage', () => {
  test.each([[['--help']], [['help']], [['devnet', '--help']], [['run', '--help']], [['help', 'run']]])(
    '%j',
    async (args) => {
      const { code, stdout, stderr } = await run(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Usage: ssv-duty-scheduler/);
    },
  );

  test('--version prints the version of the package', async () => {
    const { code, stdout } = await run(['--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('without --http nothing is served by run; devnet serves on this machine alone', async () => {
    const http = async (command: string) =>
      /--http .*?(?= --\w)/s.exec((await run([command, '--help'])).stdout.replace(/\s+/g, ' '))?.[0];
    expect(await http('run')).toContain('default: "off"');
    expect(await http('devnet')).toContain('default: "127.0.0.1:8645"');
  });

  test('the help of a command names each flag with its default and its variable', async () => {
    const text = (await run(['run', '--help'])).stdout.replace(/\s+/g, ' ');
    expect(text).toContain('(default: "./data", env: SSV_DUTY_SCHEDULER_DATA_DIR)');
    for (const name of [
      'BEACON_NODE',
      'VALIDATORS',
      'ROLES',
      'HEAD_GRACE',
      'PARTICIPATION_DELAY',
      'LATE',
      'INSPECT',
      'LOG_FORMAT',
    ]) {
      expect(text).toContain(`SSV_DUTY_SCHEDULER_${name}`);
    }
  });
});
