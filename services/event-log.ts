import type { Clock } from '../machines/ports.js';
import { slotAt, type ChainSpec } from '../machines/rules/chain-time.js';
import type { Diagnostic, EventLine, Report } from '../machines/rules/event-log.js';

/** Listens to lines of the event log. */
export type LineListener = (line: EventLine) => void;
/** Listens to diagnostics. */
export type DiagnosticListener = (diagnostic: Diagnostic) => void;

/**
 * Turns what the machines report into lines of the event log (time and slot added) and hands them to whoever listens.
 * A listener that throws is told so on stderr's channel and never disturbs a duty.
 */
export class EventLog {
  readonly #lines = new Set<LineListener>();
  readonly #diagnostics = new Set<DiagnosticListener>();

  constructor(
    private readonly clock: Clock,
    private readonly chain: () => ChainSpec | undefined,
  ) {}

  onLine(listener: LineListener): () => void {
    this.#lines.add(listener);
    return () => void this.#lines.delete(listener);
  }

  onDiagnostic(listener: DiagnosticListener): () => void {
    this.#diagnostics.add(listener);
    return () => void this.#diagnostics.delete(listener);
  }

  report(report: Report): void {
    const time = this.clock.now();
    const chain = this.chain();
    const slot = chain === undefined ? 0 : slotAt(chain, time);
    const { type, ...rest } = report;
    const line = { type, time, slot, ...rest } as EventLine;
    for (const listener of this.#lines) {
      try {
        listener(line);
      } catch (error) {
        this.diagnose({ level: 'error', message: `a listener of the event log failed on ${type}: ${String(error)}` });
      }
    }
  }

  diagnose(diagnostic: Diagnostic): void {
    for (const listener of this.#diagnostics) {
      try {
        listener(diagnostic);
      } catch {
        // Nobody is left to tell.
      }
    }
  }
}
