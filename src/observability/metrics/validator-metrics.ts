import { Counter, type Registry } from 'prom-client';
import type { SchedulerWatch } from '../scheduler-watch.js';

/** With more validators than this none gets a label of its own. */
export const MOST_LABELLED_VALIDATORS = 64;

/** Duties by validator, while there are few of them. Returns how to stop counting. */
export function countValidators(registry: Registry, watch: SchedulerWatch): () => void {
  const outcomes = new Counter({
    name: 'ssv_duty_scheduler_validator_duties_total',
    help: `Duties by validator and outcome; left out with more than ${MOST_LABELLED_VALIDATORS} validators`,
    labelNames: ['validator', 'role', 'outcome'] as const,
    registers: [registry],
  });
  const seen = new Set<number>();
  let tooMany = false;
  return watch.listen({
    line(line) {
      if (tooMany) return;
      if (line.type === 'scheduler-started') tooMany = line.validators > MOST_LABELLED_VALIDATORS;
      const outcome = OUTCOMES[line.type];
      if (outcome === undefined || !('role' in line) || !('validators' in line) || tooMany) return;
      for (const validator of line.validators) {
        seen.add(validator);
        // Validators come and go, so that many may be seen where few are there at a time.
        if (seen.size > MOST_LABELLED_VALIDATORS) {
          tooMany = true;
          outcomes.reset();
          return;
        }
        outcomes.inc({ validator: String(validator), role: line.role, outcome });
      }
    },
  });
}

const OUTCOMES: Readonly<Record<string, string>> = {
  'duty-executed': 'met',
  'duty-failed': 'failed',
  'duty-skipped': 'skipped',
  'duty-cancelled': 'cancelled',
};
