/** Readers of flag values. Each throws a {@link UsageError} that says what is wrong; the caller adds the flag's name. */
import { parseNodeAddress } from '../../services/beacon-node/node-address.js';
import { ROLES, type Role } from '../../machines/rules/duties.js';
import type { LatePolicy } from '../../machines/rules/policy.js';
import type { Supposition } from '../../services/recording/what-if/supposition.js';
import type { HttpAddress } from '../http/http-server.js';
import {
  checkRelayAddress,
  DEFAULT_INSPECTOR_PORT,
  type StatelyInspectorOptions,
} from '../inspector/stately-inspector.js';
import { InspectorError } from '../inspector/inspector-package.js';
import { UsageError } from './usage-error.js';

/** What stdout carries: text for a person, or the event log. */
export type LogFormat = 'pretty' | 'json';

const LOG_FORMATS: readonly LogFormat[] = ['pretty', 'json'];
const LATE_POLICIES: readonly LatePolicy[] = ['never', 'journal', 'always'];
const LONGEST_SHOWN = 40;

/** Roles, comma separated, in the order of {@link ROLES}; a role named twice counts once. */
export function readRoles(text: string): readonly Role[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(ROLES as readonly string[]).includes(name));
  if (unknown !== undefined) throw new UsageError(`${quoted(unknown)} is no role; roles are ${ROLES.join(', ')}`);
  return ROLES.filter((role) => names.includes(role));
}

/**
 * Addresses of beacon nodes in order of preference, each once.
 * Repeats nothing of an address that cannot be read, since it may hold a password.
 */
export function readBeaconNodes(addresses: readonly string[]): readonly string[] {
  try {
    const shown = addresses.map((address) => parseNodeAddress(address).shown);
    const twice = shown.find((url, place) => shown.indexOf(url) !== place);
    if (twice !== undefined) throw new UsageError(`${twice} is given twice`);
    return addresses;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

/** Where to listen: `host:port`, IPv6 in brackets; undefined for `off`. */
export function readHttpAddress(text: string): HttpAddress | undefined {
  if (text.trim() === 'off') return undefined;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) {
    throw new UsageError(`${quoted(text)} is no address such as 127.0.0.1:8645, nor off`);
  }
  return { host, port };
}

/** How attestations of past slots are treated. */
export function readLatePolicy(text: string): LatePolicy {
  return oneOf(LATE_POLICIES, text);
}

export function readLogFormat(text: string): LogFormat {
  return oneOf(LOG_FORMATS, text);
}

/** A folder; it need not exist. */
export function readFolder(text: string): string {
  if (text.trim() === '') throw new UsageError('names no folder');
  return text;
}

/** A reader of whole numbers between two bounds, both included. */
export function wholeNumber({ from, to }: { from: number; to: number }): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/.test(text.trim()) ? Number(text) : NaN;
    if (value >= from && value <= to) return value;
    throw new UsageError(`${quoted(text)} is not a whole number from ${from} to ${to}`);
  };
}

/** Where the actors are shown: a relay of our own on some port, or one that runs already. */
export type InspectTarget = Pick<StatelyInspectorOptions, 'relay' | 'port'>;

/** What `--inspect` says; undefined: nothing is shown. Repeats nothing of an address, since it may hold a password. */
export function readInspectTarget(text = 'true'): InspectTarget | undefined {
  const value = text.trim();
  if (/^(true|yes)$/i.test(value)) return { port: DEFAULT_INSPECTOR_PORT };
  if (/^(false|no)$/i.test(value)) return undefined;
  if (/^\d+$/.test(value)) return { port: readPort(value) };
  try {
    checkRelayAddress(value);
    return { relay: value };
  } catch (error) {
    if (error instanceof InspectorError) throw new UsageError(error.message);
    throw error;
  }
}

const readPort = wholeNumber({ from: 0, to: 65_535 });

/** The value of a variable that stands for a flag without a value. */
export function readSwitch(text: string): boolean {
  switch (text.trim().toLowerCase()) {
    case 'true':
    case '1':
    case 'yes':
      return true;
    case 'false':
    case '0':
    case 'no':
    case '':
      return false;
    default:
      throw new UsageError(`${quoted(text)} is neither true nor false`);
  }
}

/** A supposition: `reorg@<slot>` or `node-down@<from>..<to>`. */
export function readSupposition(text: string): Supposition {
  const reorg = /^reorg@(\d{1,15})$/.exec(text.trim());
  if (reorg !== null) return { what: 'reorg', slot: Number(reorg[1]) };
  const down = /^node-down@(\d{1,15})\.\.(\d{1,15})$/.exec(text.trim());
  const [from, to] = [Number(down?.[1]), Number(down?.[2])];
  if (from <= to) return { what: 'node-down', from, to };
  throw new UsageError(`${quoted(text)} is neither reorg@<slot> nor node-down@<from>..<to>`);
}

/** The choice that a text names. */
export function oneOf<T extends string>(choices: readonly T[], text: string): T {
  const choice = choices.find((candidate) => candidate === text.trim());
  if (choice === undefined) throw new UsageError(`${quoted(text)} is none of ${choices.join(', ')}`);
  return choice;
}

function quoted(text: string): string {
  return `"${text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN - 1)}…`}"`;
}
