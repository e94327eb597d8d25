import picocolors from 'picocolors';
import type { Role } from '../../../machines/rules/duties.js';
import type { Diagnostic, EventLine } from '../../../machines/rules/event-log.js';
import type { DutyScheduler } from '../../duty-scheduler.js';
import type { CommandHost } from '../command-host.js';
import type { LogFormat } from '../flags.js';
import type { SyncProgress } from '../../../services/ssv-contract/log-follower.js';
import type { HeadArrivals } from './head-arrivals.js';
import { HistoryLines } from './history-lines.js';
import { JsonLines } from './json-lines.js';
import { LiveView } from './live-view.js';
import type { RestartView } from './restart-text.js';
import { plainLine } from './plain-lines.js';
import { summaryLines, verdict } from './summary.js';
import { EMPTY_TALLY, tallied, type DueOffset } from '../../observability/tally.js';

/** Where a command shows what happens. */
export interface Output {
  line(line: EventLine): void;
  diagnostic(diagnostic: Diagnostic): void;
  /** Until when a restart is safe, for the log: a view says it all the time. */
  restartNote(diagnostic: Diagnostic): void;
  /** How far the history of the SSV contract is. */
  history(progress: SyncProgress): void;
  /** Leaves stdout tidy; nothing is shown after it. */
  close(options: { withSummary: boolean }): void;
}

export interface OutputOptions {
  readonly title: string;
  readonly logFormat: LogFormat;
  /** A view that is redrawn, instead of lines. */
  readonly isLive: boolean;
  /** Without credentials. */
  readonly nodeUrls: readonly string[];
  readonly roles: readonly Role[];
  readonly scheduler: DutyScheduler;
  readonly arrivals: HeadArrivals;
  readonly restart: () => RestartView | undefined;
  readonly dueOffset: DueOffset;
}

/** Opens what `--log-format` and the kind of stdout ask for: the event log, a live view, or plain lines. */
export function openOutput(host: CommandHost, options: OutputOptions): Output {
  const { stdout, stderr, log } = host;
  const beganAt = Date.now();
  let tally = EMPTY_TALLY;
  const write = (text: string) => void stdout.write(`${text}\n`);
  const historyLines = new HistoryLines((message) => log.say({ level: 'info', message }));

  if (options.logFormat === 'json') {
    const lines = new JsonLines(stdout, (message) => log.say({ level: 'warn', message }));
    return {
      line(line) {
        lines.write(line);
        tally = tallied(tally, line, options.dueOffset);
      },
      diagnostic: (diagnostic) => log.say(diagnostic),
      restartNote: (diagnostic) => log.say(diagnostic),
      history: (progress) => historyLines.take(progress),
      close({ withSummary }) {
        if (withSummary) log.say({ level: 'info', message: verdict(tally) });
      },
    };
  }

  const view = options.isLive
    ? new LiveView({
        ...options,
        stream: stdout,
        colours: picocolors.createColors(host.colours(stdout)),
        tally: () => tally,
      })
    : undefined;
  // A screen has one owner; what goes into a file may be written all the same.
  const stderrIsFree = view === undefined || !stderr.isTTY;
  return {
    line(line) {
      const text = view === undefined ? plainLine(line, tally, options.dueOffset) : undefined;
      if (text !== undefined) write(text);
      tally = tallied(tally, line, options.dueOffset);
      view?.line(line);
    },
    diagnostic(diagnostic) {
      view?.diagnostic(diagnostic);
      if (stderrIsFree) log.say(diagnostic);
    },
    restartNote(diagnostic) {
      if (stderrIsFree) log.say(diagnostic);
    },
    history(progress) {
      view?.history(progress);
      if (stderrIsFree) historyLines.take(progress);
    },
    close({ withSummary }) {
      view?.close();
      if (!withSummary) return;
      if (view === undefined) write('');
      for (const line of summaryLines(tally, Date.now() - beganAt)) write(line);
    },
  };
}
