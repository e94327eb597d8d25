import { DiagnosticsLog } from './diagnostics-log.js';
import type { TextStream } from './output/text-stream.js';
import { watchStopSignals, type StopSignals } from './stop-signals.js';

/** What a command has of the process it runs in. */
export interface CommandHost {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: TextStream;
  readonly log: DiagnosticsLog;
  readonly stop: StopSignals;
  /** Rejects with an error that nobody caught; never resolves. */
  readonly crashed: Promise<never>;
  /** Whether colours are wanted on a stream. */
  colours(stream: NodeJS.WriteStream): boolean;
  /** Whether a view that is redrawn can live on a stream. */
  isScreen(stream: NodeJS.WriteStream): boolean;
  /** Waits until stdout has taken what was written, but not for a reader that does not read. */
  flush(): Promise<void>;
}

const LONGEST_FLUSH_MS = 2000;

/** Takes the process over: from here on signals, uncaught errors and broken pipes are ours. */
export function takeOverProcess(): CommandHost {
  const { stdout, stderr, env } = process;
  const isScreen = (stream: NodeJS.WriteStream) => stream.isTTY && env['TERM'] !== 'dumb';
  const colours = (stream: NodeJS.WriteStream) => isScreen(stream) && (env['NO_COLOR'] ?? '') === '';
  const stop = watchStopSignals(process, Date.now, stdout.isTTY);
  const crashed = new Promise<never>((_, reject) => {
    process.on('uncaughtException', reject);
    process.on('unhandledRejection', reject);
  });
  // It may be lost by the race that it takes part in.
  crashed.catch(() => undefined);
  stdout.on('error', () => stop.request('stdout-closed'));
  stderr.on('error', () => undefined);
  return {
    stdout,
    stderr,
    log: new DiagnosticsLog(stderr, colours(stderr)),
    stop,
    crashed,
    colours,
    isScreen,
    flush: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, LONGEST_FLUSH_MS);
        stdout.write('', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}
