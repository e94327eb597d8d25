import type { BeaconNode, Executors, ValidatorSource } from '../../machines/ports.js';
import { ROLE_DEFINITIONS } from '../../machines/roles/index.js';
import { ClaimLedger, type Claim } from '../../machines/rules/at-most-once.js';
import { DUTY_KINDS, type Role } from '../../machines/rules/duties.js';
import type { SchedulingPolicy } from '../../machines/rules/policy.js';
import type { RoleDefinition } from '../../machines/rules/role-definition.js';
import { resumeActor, schedulerLogic, startActor, type SchedulerActor } from '../actors/scheduler-logic.js';
import type { Beginning } from '../entrance/input.js';
import { EventLog } from '../event-log.js';
import { actorAt, type MachineState } from './machine-state.js';
import { stateFromJson } from './state-values.js';
import { Unexpected, type ReplayEntrance } from './replay-entrance.js';
import { withoutTimes, type DecisionLine, type RecordedTurn } from './turns.js';

/** Rules to replay a recording with; those of this program, unless given. */
export interface Rules {
  readonly roles?: Readonly<Record<Role, RoleDefinition>>;
  readonly policy?: Partial<SchedulingPolicy>;
}

/** The world behind the entrance. A replay does not ask it; what goes on after a recording does. */
export interface WorldBehind {
  /** Stands for every node of the recording. */
  readonly beaconNode: BeaconNode;
  readonly validators: ValidatorSource;
  readonly executors: Executors;
}

/** The real machines of one start of the process, on what was recorded. */
export class ReplayedScheduler {
  /** What was decided since it was last asked, oldest first. */
  readonly #decided: DecisionLine[] = [];
  readonly #logic: ReturnType<typeof schedulerLogic>;
  readonly #eventLog: EventLog;
  readonly beginning: Beginning;
  readonly #claims = new ClaimLedger();
  readonly #roles: Readonly<Record<Role, RoleDefinition>>;
  actor: SchedulerActor | undefined;
  /** What the scheduler's own machine threw, boxed. */
  #thrown: { readonly error: unknown } | undefined;

  constructor(
    readonly entrance: ReplayEntrance,
    beginning: Beginning,
    claims: readonly Claim[],
    { roles = ROLE_DEFINITIONS, policy }: Rules,
    world: WorldBehind = NOTHING_BEHIND,
  ) {
    this.#roles = roles;
    this.beginning = { ...beginning, policy: { ...beginning.policy, ...policy } };
    for (const claim of claims) this.#claims.claim(claim);
    this.#eventLog = new EventLog(entrance.clock, () => beginning.chain);
    this.#eventLog.onLine((line) => this.#decided.push(line as unknown as DecisionLine));
    const noteClaim = (type: string, { kind: role, slot, epoch, validators }: Claim) =>
      this.#decided.push({ type, role, slot, epoch, validators });
    const { beaconNode, validators, executors } = world;
    const { chain, nodes } = beginning;
    this.#logic = schedulerLogic({
      beaconNodes: nodes.map(() => beaconNode),
      validators,
      executors,
      chain,
      clock: entrance.clock,
      roles: beginning.roles.map((role) => roles[role]),
      eventLog: this.#eventLog,
      entrance,
      journal: {
        report: () => undefined,
        claimed: (claim) => noteClaim('claim', claim),
        released: (claim) => noteClaim('claim-released', claim),
      },
    });
  }

  /** Goes on from the machines as they were; `time` is that of the state. Throws a `TypeError` for a broken state. */
  restore(fields: unknown, time: number): void {
    const { clock, random } = this.entrance;
    const provided = { clock, random, claims: this.#claims, roles: this.#roles };
    const { actor: snapshot, questions, timers, set } = stateFromJson(fields, provided) as MachineState;
    this.entrance.turn(time, [], () => {
      const actor = resumeActor(this.#logic, snapshot, clock, this.#noteThrown);
      for (const { n, source, target, event, id, deadline } of set) {
        this.entrance.countFrom({ timers: n });
        const left = Math.max(0, deadline - time);
        actor.system.scheduler.schedule(actorAt(actor, source), actorAt(actor, target), event, left, id);
      }
      this.actor = actor;
    });
    this.#mustLive();
    this.entrance.countFrom({ questions, timers });
  }

  /**
   * Handles a turn; returns what was decided in it. Throws an {@link Unexpected} where it has no use for the input, and
   * whatever an input that lacks what its kind has makes the machines throw.
   */
  take({ input, time, draws }: Pick<RecordedTurn, 'input' | 'time' | 'draws'>): DecisionLine[] {
    this.entrance.turn(time, draws, () => this.#handle(input));
    this.#mustLive();
    return this.decided();
  }

  readonly #noteThrown = (error: unknown): void => {
    this.#thrown = { error };
  };

  /** Throws what the scheduler's own machine threw: it is at its end, and no recording goes on from there. */
  #mustLive(): void {
    if (this.#thrown !== undefined) throw this.#thrown.error;
  }

  /** What was decided since this was last asked. */
  decided(): DecisionLine[] {
    return this.#decided.splice(0).map((line) => JSON.parse(JSON.stringify(withoutTimes(line))) as DecisionLine);
  }

  #handle(input: RecordedTurn['input']): void {
    switch (input.of) {
      case 'start':
        this.actor = startActor(this.#logic, {
          beginning: this.beginning,
          claims: this.#claims,
          entrance: this.entrance,
          onError: this.#noteThrown,
        });
        return;
      case 'send':
        return this.actor?.send(input.event);
      case 'stop':
        this.actor?.stop();
        return this.#eventLog.report({ type: 'scheduler-stopped', reason: input.reason });
      case 'lost':
        throw new Unexpected('an input could not be written down');
      default:
        return this.entrance.take(input);
    }
  }
}

const nobody = (): never => {
  throw new Error('a replay asks nobody');
};

const NOTHING_BEHIND: WorldBehind = {
  beaconNode: {
    url: '',
    getChainSpec: nobody,
    getSyncStatus: nobody,
    getValidators: nobody,
    getAttesterDuties: nobody,
    getProposerDuties: nobody,
    getSyncCommitteeDuties: nobody,
    getAttestationData: nobody,
    getHeadRoot: nobody,
    subscribeBeaconCommittees: nobody,
    subscribeSyncCommittees: nobody,
    openHeadStream: nobody,
  },
  validators: { run: nobody },
  executors: Object.fromEntries(DUTY_KINDS.map((kind) => [kind, nobody])),
};
