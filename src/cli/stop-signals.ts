import type { EventEmitter } from 'node:events';

/** Why the command is asked to stop: the `reason` of `scheduler-stopped`. */
export type StopReason = 'sigint' | 'sigterm' | 'sighup' | 'stdout-closed';

/** A signal so soon after the first is the same one: npm passes on what the terminal has sent to everyone already. */
const SAME_SIGNAL_MS = 300;

/** The wish to stop, wherever it comes from. */
export interface StopSignals {
  /** Settles with the first reason; never rejects. */
  readonly requested: Promise<StopReason>;
  request(reason: StopReason): void;
}

/** What {@link watchStopSignals} needs of the process. */
export interface SignalledProcess extends Pick<EventEmitter, 'on'> {
  exit(code: number): void;
}

/**
 * Turns the first SIGINT or SIGTERM into a request to stop. Another one while stopping ends the process at once with
 * exit code 1: whatever hangs, the person has the last word. A terminal that is closed says SIGHUP; without a terminal
 * that is left alone, because `nohup` wants it ignored.
 */
export function watchStopSignals(signalled: SignalledProcess, now: () => number, onTerminal: boolean): StopSignals {
  let settle: (reason: StopReason) => void;
  let firstAt: number | undefined;
  const requested = new Promise<StopReason>((resolve) => (settle = resolve));
  const receive = (reason: StopReason) => {
    if (firstAt !== undefined && now() - firstAt >= SAME_SIGNAL_MS) return signalled.exit(1);
    firstAt ??= now();
    settle(reason);
  };
  signalled.on('SIGINT', () => receive('sigint'));
  signalled.on('SIGTERM', () => receive('sigterm'));
  if (onTerminal) signalled.on('SIGHUP', () => receive('sighup'));
  return {
    requested,
    request: (reason) => settle(reason),
  };
}
