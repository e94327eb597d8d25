import { fromCallback } from 'xstate';
import type { HandOverCommand, HandOverInput, HandOverOutcome } from '../../machines/duty-execution.machine.js';
import type { DutyBatch, DutyVerdict, ExecutionReport, Executor, Executors, Journal } from '../../machines/ports.js';
import type { Claim } from '../../machines/rules/at-most-once.js';
import type { DutyKind, ValidatorIndex } from '../../machines/rules/duties.js';
import type { SkipReason } from '../../machines/rules/event-log.js';

/** Reason of a duty's AbortSignal. */
export type AbortReason = 'cancelled' | 'deadline-passed' | 'stopped';

/**
 * Hands a batch over: claims its duties, writes the claim down, calls the executor with those granted, and tells what
 * became of each. The claim comes before the call and stays, whatever happens, unless the executor says that nothing
 * was signed.
 */
export function handOver(executors: Executors, journal: Journal | undefined) {
  return fromCallback<HandOverCommand, HandOverInput>(({ input, sendBack, receive }) => {
    const { batch, duties, claims } = input;
    const { kind, slot, epoch } = batch;
    const claim: Claim = { kind, slot, epoch, validators: duties.map((duty) => duty.validatorIndex) };
    const refused = new Map<SkipReason, ValidatorIndex[]>();
    for (const validator of claim.validators) {
      const state = claims.stateOf(kind, slot, epoch, validator);
      if (state === 'moved-after-claim') refused.set(state, [...(refused.get(state) ?? []), validator]);
    }
    const granted = new Set(claims.claim(claim));
    if (granted.size > 0) journal?.claimed({ ...claim, validators: [...granted] });

    const controllers = new Map<ValidatorIndex, AbortController>();
    const cancelled = new Set<ValidatorIndex>();
    const given = duties
      .filter((duty) => granted.has(duty.validatorIndex))
      .map((duty) => {
        const controller = new AbortController();
        controllers.set(duty.validatorIndex, controller);
        return { ...duty, signal: controller.signal };
      });
    const abort = (validators: Iterable<ValidatorIndex>, reason: AbortReason) => {
      for (const validator of validators) controllers.get(validator)?.abort(reason);
    };
    receive((command) => {
      if (command.type === 'EXPIRE') return abort(controllers.keys(), 'deadline-passed');
      for (const validator of command.validators) cancelled.add(validator);
      abort(command.validators, 'cancelled');
    });

    const finish = (verdictOf: (validator: ValidatorIndex) => DutyVerdict) => {
      const executed: ValidatorIndex[] = [];
      const failed = new Map<string, ValidatorIndex[]>();
      const unsigned: ValidatorIndex[] = [];
      for (const validator of granted) {
        const verdict = verdictOf(validator);
        if (verdict.outcome === 'failed' && verdict.nothingSigned === true) unsigned.push(validator);
        if (cancelled.has(validator)) continue;
        if (verdict.outcome === 'executed') executed.push(validator);
        else failed.set(verdict.error, [...(failed.get(verdict.error) ?? []), validator]);
      }
      if (unsigned.length > 0) {
        const released = { ...claim, validators: unsigned };
        claims.release(released);
        journal?.released(released);
      }
      const outcome: HandOverOutcome = { type: 'OUTCOME', executed, failed, refused };
      sendBack(outcome);
    };
    const fail = (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      finish(() => ({ outcome: 'failed', error: message }));
    };

    if (granted.size === 0) finish(() => ({ outcome: 'executed' }));
    else {
      // The pairing of kind and duties is the role's data; the type system cannot follow it through a table.
      const executor = executors[kind] as Executor<DutyKind>;
      call(executor, { ...batch, duties: given }).then(
        (report) => finish((validator) => verdictFrom(report, validator)),
        fail,
      );
    }
    return () => abort(controllers.keys(), 'stopped');
  });
}

/** Calls at once, in this very turn; what the executor throws becomes a rejection. */
async function call(executor: Executor<DutyKind>, batch: DutyBatch): Promise<ExecutionReport | undefined> {
  return (await executor(batch)) ?? undefined;
}

function verdictFrom(report: ExecutionReport | undefined, validator: ValidatorIndex): DutyVerdict {
  return report?.get(validator) ?? { outcome: 'executed' };
}
