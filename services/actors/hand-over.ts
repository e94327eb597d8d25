import { fromCallback, type CallbackActorLogic, type CallbackSnapshot } from 'xstate';
import type {
  HandOverCommand,
  HandOverInput,
  HandOverOutcome,
} from '../../machines/duty-execution/execution-context.js';
import type { DutyBatch, DutyVerdict, ExecutionReport, Executor, Executors, Journal } from '../../machines/ports.js';
import type { Claim } from '../../machines/rules/at-most-once.js';
import type { DutyKind, ValidatorIndex } from '../../machines/rules/duties.js';
import type { SkipReason } from '../../machines/rules/event-log.js';
import type { Entrance, Outcome } from '../entrance/entrance.js';
import { messageOf } from '../../machines/rules/message-of.js';
import { DutySignals } from './duty-signals.js';

/** A batch that was handed over, kept in the snapshot: a recording goes on from there. */
interface HandedOver {
  /** Number of the call; undefined before it. */
  asked: number | undefined;
  readonly granted: Set<ValidatorIndex>;
  readonly cancelled: Set<ValidatorIndex>;
}

type HandOverSnapshot = CallbackSnapshot<HandOverInput> & { readonly handedOver: HandedOver };

/**
 * Hands a batch over: claims its duties, writes the claim down, calls the executor with those granted, and tells what
 * became of each. The claim comes before the call and stays, whatever happens, unless the executor says that nothing
 * was signed.
 */
export function handOver(
  entrance: Entrance,
  executors: Executors,
  journal: Journal | undefined,
): CallbackActorLogic<HandOverCommand, HandOverInput> {
  const logic = fromCallback<HandOverCommand, HandOverInput>(({ input, self, sendBack, receive }) => {
    const { handedOver } = self.getSnapshot() as HandOverSnapshot;
    const { granted, cancelled } = handedOver;
    const refused = handedOver.asked === undefined ? claim(input, granted, journal) : new Map<never, never>();

    const signals = new DutySignals();
    receive((command) => {
      if (command.type === 'EXPIRE') return signals.abort(granted, 'deadline-passed');
      for (const validator of command.validators) cancelled.add(validator);
      signals.abort(command.validators, 'cancelled');
    });

    const settle = (outcome: Outcome<ExecutionReport | undefined>) => {
      // It has reported: whatever it left behind is not called off by the end of this actor.
      signals.end();
      sendBack(finish(input, handedOver, refused, outcome, journal));
    };
    if (granted.size === 0) settle({ value: undefined });
    else {
      const { batch, duties } = input;
      const given = duties
        .filter((duty) => granted.has(duty.validatorIndex))
        .map((duty) => ({
          ...duty,
          get signal() {
            return signals.of(duty.validatorIndex);
          },
        }));
      handedOver.asked ??= entrance.number();
      const question = {
        what: 'execution' as const,
        kind: batch.kind,
        slot: batch.slot,
        validators: [...granted],
      };
      // The pairing of kind and duties is the role's data; the type system cannot follow it through a table.
      const executor = executors[batch.kind] as Executor<DutyKind>;
      // Without a signal: an executor that was given up may still say that nothing was signed.
      entrance.ask(handedOver.asked, question, () => call(executor, { ...batch, duties: given }), settle);
    }
    return () => signals.abort(granted, 'stopped');
  });
  return {
    ...logic,
    getInitialSnapshot: (...[scope, input]: Parameters<typeof logic.getInitialSnapshot>): HandOverSnapshot => ({
      ...logic.getInitialSnapshot(scope, input),
      handedOver: { asked: undefined, granted: new Set(), cancelled: new Set() },
    }),
  };
}

function claimOf({ batch: { kind, slot, epoch } }: HandOverInput, validators: Iterable<ValidatorIndex>): Claim {
  return { kind, slot, epoch, validators: [...validators] };
}

/** Claims what may be claimed, and writes that down; returns what may not, by reason. */
function claim(
  input: HandOverInput,
  granted: Set<ValidatorIndex>,
  journal: Journal | undefined,
): Map<SkipReason, ValidatorIndex[]> {
  const { batch, duties, claims } = input;
  const { kind, slot, epoch } = batch;
  const wanted = claimOf(
    input,
    duties.map((duty) => duty.validatorIndex),
  );
  const refused = new Map<SkipReason, ValidatorIndex[]>();
  for (const validator of wanted.validators) {
    const state = claims.stateOf(kind, slot, epoch, validator);
    if (state === 'moved-after-claim') refused.set(state, [...(refused.get(state) ?? []), validator]);
  }
  for (const validator of claims.claim(wanted)) granted.add(validator);
  if (granted.size > 0) journal?.claimed(claimOf(input, granted));
  return refused;
}

/** Gives back what was not signed, and sums up what became of each duty. */
function finish(
  input: HandOverInput,
  { granted, cancelled }: HandedOver,
  refused: HandOverOutcome['refused'],
  outcome: Outcome<ExecutionReport | undefined>,
  journal: Journal | undefined,
): HandOverOutcome {
  const executed: ValidatorIndex[] = [];
  const failed = new Map<string, ValidatorIndex[]>();
  const unsigned: ValidatorIndex[] = [];
  for (const validator of granted) {
    const verdict = verdictOf(outcome, validator);
    if (verdict.outcome === 'failed' && verdict.nothingSigned === true) unsigned.push(validator);
    if (cancelled.has(validator)) continue;
    if (verdict.outcome === 'executed') executed.push(validator);
    else failed.set(verdict.error, [...(failed.get(verdict.error) ?? []), validator]);
  }
  if (unsigned.length > 0) {
    const released = claimOf(input, unsigned);
    input.claims.release(released);
    journal?.released(released);
  }
  return { type: 'OUTCOME', executed, failed, refused };
}

function verdictOf(outcome: Outcome<ExecutionReport | undefined>, validator: ValidatorIndex): DutyVerdict {
  if (!('error' in outcome)) return outcome.value?.get(validator) ?? { outcome: 'executed' };
  const { error } = outcome;
  return { outcome: 'failed', error: messageOf(error) };
}

async function call(executor: Executor<DutyKind>, batch: DutyBatch): Promise<ExecutionReport | undefined> {
  return (await executor(batch)) ?? undefined;
}
