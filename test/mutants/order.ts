/** Which tests look at a mistake first. Only an order: a mistake that they do not see is shown to all the others. */
import { basename, dirname } from 'node:path';

/** Beside those that bear its name, and of a service those of its folder, the tests (parts of their paths) that know most of a file. */
const CLOSE_TO: Readonly<Record<string, readonly string[]>> = {
  'machines/rules/chain-time.ts': ['rules/duty-points', 'roles/'],
  'machines/rules/duty-plan.ts': ['system/reorg', 'system/fetching', 'system/validators'],
  'machines/rules/table-diff.ts': ['rules/duty-table'],
  'machines/roles/attester.ts': ['system/start', 'system/fetching'],
  'machines/duty-role/decisions.ts': [
    'system/repeated-tick',
    'system/head-trigger',
    'system/time',
    'system/reorg',
    'system/executing',
  ],
  'machines/duty-role/fetch-steps.ts': ['system/superseded', 'system/reorg', 'system/subscriptions', 'system/fetching'],
  'machines/duty-role/execution-steps.ts': ['system/reorg', 'system/executing', 'system/time', 'system/proposer'],
  'machines/duty-role.machine.ts': ['system/crash', 'system/start', 'system/long-run'],
  'machines/table-fetch.machine.ts': ['system/fetching', 'model/'],
  'machines/duty-execution.machine.ts': [
    'system/executing',
    'system/head-trigger',
    'system/syncing-node',
    'system/reorg',
  ],
  'machines/beacon-node/node-health.ts': ['system/syncing-node'],
  'machines/beacon-node.machine.ts': ['system/heads-and-probes', 'system/syncing-node'],
  'machines/scheduler.machine.ts': ['system/crash', 'system/time'],
  'machines/validators.machine.ts': ['system/validators', 'system/eligibility', 'system/start'],
  'machines/subscription.machine.ts': ['system/subscriptions'],
  'services/actors/hand-over.ts': ['system/executing', 'system/reorg', 'system/crash'],
  'services/actors/duty-signals.ts': ['system/executing'],
  'services/actors/node-actors.ts': ['system/executing', 'system/syncing-node', 'system/heads-and-probes'],
  'services/slot-clock.ts': ['system/executing', 'system/time', 'system/start'],
};

/** The rest of the tests: those that see much in little time first. */
const FOLDERS = [
  'test/machines/',
  'test/system/',
  'test/properties/',
  'test/model/',
  'test/services/clock',
  'test/services/data-directory',
  'test/devnet/',
];
/** Slow, and last. */
const LAST = 'test/simulation/';

/** The place of a test (by its path) for a mistake in a file; lower is earlier. */
export function rankFor(mutated: string): (test: string) => number {
  const name = `/${basename(mutated, '.ts').replace('.machine', '')}.`;
  const folder = dirname(mutated).startsWith('services/') ? [`test/${dirname(mutated)}/`] : [];
  const close = [name, ...(CLOSE_TO[mutated] ?? []), ...folder];
  return (test) => {
    if (test.includes(LAST)) return 1000;
    const closeness = close.findIndex((part) => test.includes(part));
    if (closeness >= 0) return closeness;
    const place = FOLDERS.findIndex((part) => test.includes(part));
    return 100 + (place >= 0 ? place : FOLDERS.length);
  };
}
