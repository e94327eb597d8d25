import type { Clock } from '../../machines/ports.js';
import type { SchedulerWatch } from '../observability/scheduler-watch.js';

/** What the routes look at. */
export interface HttpContext {
  readonly watch: SchedulerWatch;
  readonly clock: Clock;
  /** Name shown on the page. */
  readonly title: string;
  readonly version: string;
}
