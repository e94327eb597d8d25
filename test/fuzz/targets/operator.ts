/** What the operator writes: flags, variables, a file of validators. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { createProgram } from '../../../src/cli/program.js';
import { UsageError } from '../../../src/cli/usage-error.js';
import { usageText } from '../../../src/cli/usage-text.js';
import { readValidators } from '../../../src/cli/validators-file.js';
import { mustHold, unlessRefused, type FuzzTarget } from '../fuzz-target.js';

const PUBKEY = `0x${'c3'.repeat(48)}`;
const VARIABLE = /^(SSV_DUTY_SCHEDULER_\w+)=([^]*)$/;

/** Command lines, their words one after the other, each behind a newline; a word that sets a variable is one of the environment. */
const COMMAND_LINES = [
  ['run', '--beacon-node', 'http://user:secret@127.0.0.1:5052/prefix?key=1', '--validators', `1,2,${PUBKEY}`],
  [
    'run',
    '--beacon-node=http://[::1]:5052',
    '--beacon-node',
    'https://b.example',
    '--validators',
    '7',
    '--roles',
    'attester,proposer',
  ],
  ['run', '--beacon-node', 'http://a', '--execution-node', 'ws://b:8546', '--network', 'hoodi', '--operator-id', '7'],
  [
    'run',
    '--beacon-node',
    'http://a',
    '--execution-node',
    'http://b',
    '--contract',
    `0x${'11'.repeat(20)}`,
    '--contract-start-block',
    '5',
  ],
  [
    'run',
    '--beacon-node',
    'http://a',
    '--validators',
    '1',
    '--http',
    '127.0.0.1:8645',
    '--late',
    'always',
    '--log-format',
    'json',
  ],
  [
    'run',
    '--beacon-node',
    'http://a',
    '--validators',
    '1',
    '--head-grace',
    '5',
    '--participation-delay',
    '1',
    '--inspect',
    'ws://c:1',
  ],
  ['devnet', '--slot-ms', '500', '--seed', '7', '--beacon-port', '0', '--chain-only', '--http', '[::1]:0', '--inspect'],
  ['explain', '--slot', '41', '--validator', '7', '--data-dir', './data', '--json'],
  ['replay', './data', '--what-if', 'node-down@4..6', '--json'],
  ['replay', './data', '--until', '41'],
  ['SSV_DUTY_SCHEDULER_BEACON_NODE=http://a,http://b', 'SSV_DUTY_SCHEDULER_ROLES=proposer', 'run', '--validators', '1'],
  ['SSV_DUTY_SCHEDULER_CHAIN_ONLY=yes', 'SSV_DUTY_SCHEDULER_SLOT_MS=1000', 'devnet'],
];

/** Every flag and variable, to the settings of a command or to an error in one line. */
export const FLAGS: FuzzTarget = {
  name: 'flags',
  samples: () => COMMAND_LINES.map((words) => words.join('\n')),
  open() {
    let settings: object | undefined;
    const take = (given: object) => Promise.resolve(void (settings = given));
    const commands = { run: take, devnet: take, replay: take, explain: take };
    const feed = async (input: Buffer) => {
      // No argument of a process holds a zero byte.
      const words = input.toString().replaceAll('\0', '').split('\n');
      const variables = words.map((word) => VARIABLE.exec(word)).filter((match) => match !== null);
      const args = words.filter((word) => !VARIABLE.test(word));
      for (const [, name, value] of variables) process.env[name!] = value;
      settings = undefined;
      try {
        await createProgram(commands, '0.0.0', () => undefined).parseAsync(args, { from: 'user' });
        return settings === undefined ? undefined : 1;
      } catch (error) {
        if (!(error instanceof UsageError) && !(error instanceof CommanderError)) throw error;
        const text = usageText(error);
        mustHold(!text.includes('//user:secret@'), () => `it shows a password: ${text}`);
        mustHold(!/\p{Cc}/u.test(text), () => `more than one line: ${JSON.stringify(text)}`);
        return undefined;
      } finally {
        for (const [, name] of variables) Reflect.deleteProperty(process.env, name!);
      }
    };
    return Promise.resolve({ feed });
  },
};

/** A file of validators, to their names. */
export const VALIDATORS_FILE: FuzzTarget = {
  name: 'validators-file',
  samples: () => [
    `# ours\n1234\n\n${PUBKEY} # the second\r\n4294967295\n`,
    `${PUBKEY.toUpperCase().replace('X', 'x')}\n0\n`,
  ],
  open() {
    const folder = mkdtempSync(join(tmpdir(), 'fuzz-validators-'));
    const path = join(folder, 'validators.txt');
    const feed = (input: Buffer) => {
      writeFileSync(path, input);
      const ids = unlessRefused([UsageError], () => readValidators(path));
      for (const id of ids ?? []) {
        mustHold(
          /^0x[0-9a-f]{96}$/.test(id) || (/^(0|[1-9]\d*)$/.test(id) && Number(id) < 2 ** 32),
          () => `the name ${id}`,
        );
      }
      return ids?.length;
    };
    return Promise.resolve({ feed, close: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })) });
  },
};
