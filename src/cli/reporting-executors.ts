import type { Executors } from '../../machines/ports.js';

/**
 * The executors of the command line. The scheduler has fetched what a duty signs over before it calls; there is no
 * signer behind the command, so nothing is left but to let the event log say that the duty was reached in time.
 */
export const REPORTING_EXECUTORS: Required<Executors> = {
  attester: () => Promise.resolve(),
  aggregator: () => Promise.resolve(),
  proposer: () => Promise.resolve(),
  'sync-committee': () => Promise.resolve(),
  'sync-committee-contribution': () => Promise.resolve(),
};
