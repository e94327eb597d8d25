import { Command, Option } from 'commander';
import { ROLES } from '../../machines/rules/duties.js';
import { DEFAULT_INSPECTOR_PORT } from '../inspector/stately-inspector.js';
import type { DevnetSettings } from './devnet-command.js';
import type { ExplainSettings } from './explain-command.js';
import { FlagValues } from './flag-values.js';
import {
  readBeaconNodes,
  readFolder,
  readHttpAddress,
  readInspectTarget,
  readLatePolicy,
  readLogFormat,
  readRoles,
  readSupposition,
  wholeNumber,
} from './flags.js';
import type { ReplaySettings } from './replay-command.js';
import type { RunSettings } from './run-command.js';
import { addValidatorFlags, readValidatorChoice } from './validator-flags.js';

/** What the command line leads to. */
export interface Commands {
  run(settings: RunSettings): Promise<void>;
  devnet(settings: DevnetSettings): Promise<void>;
  replay(settings: ReplaySettings): Promise<void>;
  explain(settings: ExplainSettings): Promise<void>;
}

const VARIABLE_PREFIX = 'SSV_DUTY_SCHEDULER_';

const readEpochs = wholeNumber({ from: 0, to: 1_000_000 });
const readMilliseconds = wholeNumber({ from: 0, to: 3_600_000 });
const readSlotTime = wholeNumber({ from: 100, to: 3_600_000 });
const readPort = wholeNumber({ from: 0, to: 65_535 });
const readSlot = wholeNumber({ from: 0, to: Number.MAX_SAFE_INTEGER });
const readJournalEpochs = wholeNumber({ from: 2, to: 1_000_000 });
const readIndex = wholeNumber({ from: 0, to: 0xffff_ffff });
const readSeed = wholeNumber({ from: 0, to: Number.MAX_SAFE_INTEGER });

const EXIT_CODES = `
Exit codes: 0 after a clean stop (SIGINT and SIGTERM too), 2 for bad usage or configuration, 1 for anything else.
Every flag is also an environment variable, named behind it; lists in variables are comma separated.`;

const RUN_EXAMPLES = `
Examples:
  ssv-duty-scheduler run --beacon-node http://127.0.0.1:5052 --validators 1024,1025
  ssv-duty-scheduler run --beacon-node http://127.0.0.1:5052 --execution-node ws://127.0.0.1:8546 --network hoodi --operator-id 7
  ssv-duty-scheduler run --beacon-node https://user:password@node.example --validators ./validators.txt --log-format json
  ssv-duty-scheduler run --beacon-node http://127.0.0.1:5052 --beacon-node http://127.0.0.1:5062 --validators 7
  SSV_DUTY_SCHEDULER_BEACON_NODE=http://127.0.0.1:5052 ssv-duty-scheduler run --validators 7 --roles attester,proposer
${EXIT_CODES}`;

const DEVNET_EXAMPLES = `
Examples:
  ssv-duty-scheduler devnet
  ssv-duty-scheduler devnet --slot-ms 500 --log-format json
  ssv-duty-scheduler devnet --chain-only --beacon-port 5052
${EXIT_CODES}`;

const REPLAY_EXAMPLES = `
Examples:
  ssv-duty-scheduler replay ./data
  ssv-duty-scheduler replay ./data/journal-9600.jsonl --until 9612
  ssv-duty-scheduler replay ./data --what-if node-down@9604..9606 --json
Exit codes: 0 where the decisions are equal, 1 at the first difference, 2 for bad usage or what is no journal.`;

const EXPLAIN_EXAMPLES = `
Examples:
  ssv-duty-scheduler explain --slot 9876543 --validator 1024
  ssv-duty-scheduler explain --slot 9876543 --validator 1024 --data-dir ./data --json
${EXIT_CODES}`;

const EXAMPLES = `
Examples:
  ssv-duty-scheduler devnet
  ssv-duty-scheduler run --beacon-node http://127.0.0.1:5052 --validators 1024,1025
  ssv-duty-scheduler explain --slot 9876543 --validator 1024
  ssv-duty-scheduler run --help
${EXIT_CODES}`;

/** The command line: commands, flags and their help. It throws where it is misused, and never ends the process. */
export function createProgram(commands: Commands, version: string, print: (text: string) => void): Command {
  const program = new Command('ssv-duty-scheduler')
    .description('Knows which validator has which duty in which slot, and starts each one at the right instant, once.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .addHelpText('after', EXAMPLES);
  // Before the commands are made: they take these settings over.
  program.exitOverride().configureOutput({ writeOut: print, writeErr: () => undefined });
  addDevnet(program, commands);
  addRun(program, commands);
  addReplay(program, commands);
  addExplain(program, commands);
  return program;
}

function addDevnet(program: Command, commands: Commands): void {
  const devnet = program
    .command('devnet')
    .description('an embedded beacon chain and the scheduler on it')
    .helpOption('--help', 'print this help')
    .addOption(rolesFlag())
    .addOption(
      flag('--data-dir <dir>', 'folder of checkpoint and journal (default: a temporary folder, removed at the end)'),
    )
    .addOption(journalEpochsFlag())
    .addOption(httpFlag().default('127.0.0.1:8645'))
    .addOption(inspectFlag())
    .addOption(logFormatFlag())
    .addOption(flag('--seed <n>', 'seed of the chain: the same seed, the same duties').default('1'))
    .addOption(flag('--slot-ms <n>', 'length of a slot in ms').default('2000'))
    .addOption(flag('--beacon-port <n>', "port of the chain's Beacon API on 127.0.0.1; 0: any free one").default('0'))
    .addOption(flag('--chain-only', 'the beacon chain alone, for others to use; its address is printed'))
    .addHelpText('after', DEVNET_EXAMPLES);
  devnet.action(() => {
    const flags = new FlagValues(devnet);
    return commands.devnet({
      roles: flags.required('--roles', readRoles, 'the roles to run'),
      dataDir: flags.optional('--data-dir', readFolder),
      journalEpochs: flags.required('--journal-epochs', readJournalEpochs, 'a number of epochs'),
      http: flags.optional('--http', readHttpAddress),
      inspect: flags.standalone('--inspect', readInspectTarget),
      logFormat: flags.required('--log-format', readLogFormat, 'pretty or json'),
      seed: flags.required('--seed', readSeed, 'a number'),
      slotMs: flags.required('--slot-ms', readSlotTime, 'a number of ms'),
      beaconPort: flags.required('--beacon-port', readPort, 'a port'),
      chainOnly: flags.isOn('--chain-only'),
    });
  });
}

function addRun(program: Command, commands: Commands): void {
  const run = program
    .command('run')
    .description('the scheduler on real beacon nodes')
    .helpOption('--help', 'print this help')
    .addOption(
      flag(
        '--beacon-node <url>',
        'address of a beacon node, repeatable, in order of preference; credentials in it are used and never shown',
      ).argParser((url: string, before: readonly string[] | undefined) => [...(before ?? []), url]),
    );
  addValidatorFlags(run, flag);
  run
    .addOption(rolesFlag())
    .addOption(
      flag('--head-grace <ms>', 'pause between the head of a slot and the hand-over of its duties').default('0'),
    )
    .addOption(
      flag(
        '--participation-delay <epochs>',
        'epochs after its contract event in which a validator executes nothing',
      ).default('0'),
    )
    .addOption(
      flag(
        '--late <policy>',
        'attestations of past slots: never; journal: where the journal shows that nothing was executed; always',
      ).default('journal'),
    )
    .addOption(
      flag('--data-dir <dir>', 'folder of checkpoint and journal; one process at a time, one chain').default('./data'),
    )
    .addOption(journalEpochsFlag())
    .addOption(httpFlag().default('off'))
    .addOption(inspectFlag())
    .addOption(logFormatFlag())
    .addHelpText('after', RUN_EXAMPLES);
  run.action(() => {
    const flags = new FlagValues(run);
    return commands.run({
      beaconNodes: flags.list('--beacon-node', readBeaconNodes, 'an address such as http://127.0.0.1:5052'),
      validators: readValidatorChoice(flags),
      roles: flags.required('--roles', readRoles, 'the roles to run'),
      headGraceMs: flags.required('--head-grace', readMilliseconds, 'a number of ms'),
      participationDelayEpochs: flags.required('--participation-delay', readEpochs, 'a number of epochs'),
      late: flags.required('--late', readLatePolicy, 'never, journal or always'),
      dataDir: flags.required('--data-dir', readFolder, 'a folder'),
      journalEpochs: flags.required('--journal-epochs', readJournalEpochs, 'a number of epochs'),
      http: flags.optional('--http', readHttpAddress),
      inspect: flags.standalone('--inspect', readInspectTarget),
      logFormat: flags.required('--log-format', readLogFormat, 'pretty or json'),
    });
  });
}

function addReplay(program: Command, commands: Commands): void {
  const replay = program
    .command('replay')
    .description('runs a recorded journal through the machines again and compares the decisions')
    .helpOption('--help', 'print this help')
    .argument('<journal>', 'a data directory, or one segment of its journal; it is only read')
    .addOption(flag('--until <slot>', 'stop at the end of this slot and show the state'))
    .addOption(
      flag('--what-if <supposition>', 'what would have happened with reorg@<slot> or node-down@<from>..<to>').conflicts(
        'until',
      ),
    )
    .addOption(flag('--json', 'one JSON object, for programs'))
    .addHelpText('after', REPLAY_EXAMPLES);
  replay.action((journal: string) => {
    const flags = new FlagValues(replay);
    return commands.replay({
      journal,
      until: flags.optional('--until', readSlot),
      whatIf: flags.optional('--what-if', readSupposition),
      json: flags.isOn('--json'),
    });
  });
}

function addExplain(program: Command, commands: Commands): void {
  const explain = program
    .command('explain')
    .description('why a duty was, or was not, executed')
    .helpOption('--help', 'print this help')
    .addOption(flag('--slot <n>', 'slot of the duty'))
    .addOption(flag('--validator <index>', 'index of the validator'))
    .addOption(
      flag('--data-dir <dir>', 'folder of the journal; that of a running process may be read').default('./data'),
    )
    .addOption(flag('--json', 'as JSON, for a program'))
    .addHelpText('after', EXPLAIN_EXAMPLES);
  explain.action(() => {
    const flags = new FlagValues(explain);
    return commands.explain({
      slot: flags.required('--slot', readSlot, 'the slot of the duty'),
      validator: flags.required('--validator', readIndex, 'the index of the validator'),
      dataDir: flags.required('--data-dir', readFolder, 'a folder'),
      json: flags.isOn('--json'),
    });
  });
}

function rolesFlag(): Option {
  return flag('--roles <list>', 'roles to run, comma separated').default(ROLES.join(','));
}

function journalEpochsFlag(): Option {
  return flag('--journal-epochs <n>', 'epochs of the journal that are kept at least; two or more').default('2');
}

function httpFlag(): Option {
  return flag(
    '--http <host:port>',
    'where the page, /metrics, /healthz, /readyz and /api are served; port 0: any free one; off: nowhere',
  );
}

function inspectFlag(): Option {
  return flag(
    '--inspect [port|ws url]',
    `show the live statecharts in the Stately inspector: a relay on 127.0.0.1 (port ${DEFAULT_INSPECTOR_PORT}; 0: any free one), or one that runs already`,
  );
}

function logFormatFlag(): Option {
  return flag(
    '--log-format <format>',
    'what stdout carries: pretty (text for a person) or json (the event log, one object per line)',
  ).default('pretty');
}

/** A flag and the variable that stands for it. */
function flag(flags: string, description: string): Option {
  const name = flags.replace(/^--/, '').replace(/ .*/, '');
  return new Option(flags, description).env(VARIABLE_PREFIX + name.replaceAll('-', '_').toUpperCase());
}
