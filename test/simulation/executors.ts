/** Executors as bad as real ones: most succeed, some reject, sign nothing, or take their time. */
import type { Clock, DutyBatch, DutyVerdict, ExecutionReport } from '../../machines/ports.js';
import type { ValidatorIndex } from '../../machines/rules/duties.js';
import { RandomStream } from '../../src/devnet/deterministic-random.js';

/** Whoever signed nothing may be handed the same duty again: `released` is told before the scheduler hears it. */
export type Released = (batch: DutyBatch, validator: ValidatorIndex) => void;

const SLOW_SLOTS = [0.2, 1.5, 3, 12];

export function hostileExecutor(seed: number, slotDurationMs: number, clock: Clock, released: Released) {
  return async (batch: DutyBatch): Promise<ExecutionReport> => {
    const { kind, slot, duties, trigger } = batch;
    const validators = duties.map(({ validatorIndex }) => validatorIndex);
    const random = new RandomStream(seed, 'executor', kind, slot, trigger, ...validators);
    const lot = random.fraction();
    if (lot < 0.02) throw new Error('the signer refused');
    if (lot < 0.04) {
      const slots = SLOW_SLOTS[random.below(SLOW_SLOTS.length)]!;
      await new Promise<void>((resolve) => clock.setTimeout(resolve, slots * slotDurationMs));
    }
    const report = new Map<ValidatorIndex, DutyVerdict>();
    if (lot < 0.03 || lot > 0.97) {
      for (const validator of validators) {
        if (random.fraction() < 0.5) continue;
        released(batch, validator);
        report.set(validator, { outcome: 'failed', error: 'no quorum', nothingSigned: true });
      }
    }
    return report;
  };
}
