import { createLogUpdate } from 'log-update';
import type { Colors } from 'picocolors/types.js';
import type { Role } from '../../../machines/rules/duties.js';
import type { Diagnostic, EventLine } from '../../../machines/rules/event-log.js';
import type { SyncProgress } from '../../../services/ssv-contract/log-follower.js';
import type { DutyScheduler } from '../../duty-scheduler.js';
import { drawView, upcomingShown } from './draw-view.js';
import type { HeadArrivals } from './head-arrivals.js';
import type { Tally } from '../../observability/tally.js';
import type { UpcomingSlot } from '../../observability/reports.js';
import { upcomingSlots } from '../../observability/upcoming.js';
import type { RestartView } from './restart-text.js';
import { buildView, type TimedDiagnostic } from './view-model.js';

const REDRAW_EVERY_MS = 250;
const KEPT_DIAGNOSTICS = 12;
const CLEAR_SCREEN = '\u001B[H\u001B[J';

export interface LiveViewOptions {
  readonly title: string;
  readonly nodeUrls: readonly string[];
  readonly roles: readonly Role[];
  readonly scheduler: DutyScheduler;
  readonly arrivals: HeadArrivals;
  readonly restart: () => RestartView | undefined;
  readonly stream: NodeJS.WriteStream;
  readonly colours: Colors;
  readonly tally: () => Tally;
}

/** The view on a terminal: redrawn a few times a second, whatever happens in between. */
export class LiveView {
  readonly #options: LiveViewOptions;
  readonly #update: ReturnType<typeof createLogUpdate>;
  readonly #beganAt = Date.now();
  readonly #timer: NodeJS.Timeout;
  #diagnostics: readonly TimedDiagnostic[] = [];
  #history: SyncProgress | undefined;
  /** Duties are read anew when they may have changed, not with every frame. */
  #upcoming: { readonly slot: number; readonly slots: readonly UpcomingSlot[] } | undefined;

  constructor(options: LiveViewOptions) {
    this.#options = options;
    this.#update = createLogUpdate(options.stream);
    this.#timer = setInterval(() => this.#draw(), REDRAW_EVERY_MS);
    options.stream.on('resize', this.#startAfresh);
    this.#draw();
  }

  line(line: EventLine): void {
    if (line.type === 'duties-fetched' || line.type === 'duties-changed' || line.type === 'validators-changed') {
      this.#upcoming = undefined;
    }
  }

  diagnostic(diagnostic: Diagnostic): void {
    if (diagnostic.level === 'debug') return;
    this.#diagnostics = [...this.#diagnostics, { ...diagnostic, time: Date.now() }].slice(-KEPT_DIAGNOSTICS);
  }

  history(progress: SyncProgress): void {
    this.#history = progress.done ? undefined : progress;
  }

  /** Takes the view off the screen and gives the cursor back. */
  close(): void {
    clearInterval(this.#timer);
    this.#options.stream.off('resize', this.#startAfresh);
    this.#update.clear();
    this.#update.done();
  }

  /** A view that fails may not end the process: duties go on without it. */
  #draw(): void {
    try {
      this.#update(this.#frame());
    } catch (error) {
      this.#update(`The view cannot be drawn: ${String(error)}`);
    }
  }

  #frame(): string {
    const { title, nodeUrls, roles, scheduler, arrivals, restart, stream, colours, tally } = this.#options;
    const rows = stream.rows || 24;
    const snapshot = scheduler.snapshot();
    const view = buildView({
      title,
      nodeUrls,
      roles,
      beganAt: this.#beganAt,
      now: Date.now(),
      tally: tally(),
      snapshot,
      upcoming: snapshot === undefined ? [] : this.#upcomingFrom(snapshot.slot, upcomingShown(rows)),
      restart: restart(),
      diagnostics: this.#diagnostics,
      history: this.#history,
      headAt: (slot) => arrivals.of(slot),
    });
    return drawView(view, { columns: stream.columns || 80, rows, colours }).join('\n');
  }

  #upcomingFrom(slot: number, count: number): readonly UpcomingSlot[] {
    if (this.#upcoming?.slot !== slot || this.#upcoming.slots.length !== count) {
      this.#upcoming = { slot, slots: upcomingSlots(this.#options.scheduler, slot, count) };
    }
    return this.#upcoming.slots;
  }

  /** A terminal of another size has wrapped what was drawn: where it stands is not known any more. */
  readonly #startAfresh = (): void => {
    this.#update.done();
    this.#options.stream.write(CLEAR_SCREEN);
    this.#draw();
  };
}
