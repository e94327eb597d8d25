import { BeaconNodeError } from '../../../machines/ports.js';

/** The error that a call rejects with, which must be a `BeaconNodeError`. */
export async function rejectionOf(call: Promise<unknown>): Promise<BeaconNodeError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof BeaconNodeError) return error;
    throw new Error('rejected, but not with a BeaconNodeError', { cause: error });
  }
  throw new Error('did not reject');
}

/** For calls that nobody gives up. */
export const NO_SIGNAL: AbortSignal = new AbortController().signal;
