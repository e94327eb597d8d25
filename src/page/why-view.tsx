import { Component, h } from 'preact';
import type { DutyExplanation, Explanation, LifeStep, Verdict } from '../../services/explain/explanation.js';
import type { DutyState, NowReport } from '../observability/reports.js';
import { clockTime, KIND_NAMES, offset } from './format.js';
import { ask } from './live.js';
import { Card, StateSign } from './parts.js';
import { whyAddress, WhyForm } from './why-form.js';

/** So many slots after its own a duty may still change; so long it is asked for anew. */
const UNSETTLED_SLOTS = 2;

const STATES: Readonly<Record<Exclude<Verdict, 'none'>, DutyState>> = {
  executed: 'met',
  failed: 'failed',
  cancelled: 'cancelled',
  skipped: 'skipped',
  deferred: 'deferred',
  'handed-over': 'open',
  planned: 'planned',
};

interface Props {
  readonly now: NowReport;
  /** What the address asks for: `validator=7&slot=41`, or nothing. */
  readonly query: string;
}

interface State {
  readonly explanation: Explanation | undefined;
  readonly problem: string | undefined;
}

/** Why a duty was, or was not, executed: the life lines of a validator's duties in a slot. */
export class WhyView extends Component<Props, State> {
  override state: State = { explanation: undefined, problem: undefined };

  override componentDidMount(): void {
    void this.#ask();
  }

  override componentDidUpdate(before: Props): void {
    const { query, now } = this.props;
    if (before.query !== query) {
      this.setState({ explanation: undefined, problem: undefined });
      void this.#ask();
      return;
    }
    const slot = now.chain?.slot;
    const { explanation } = this.state;
    if (slot === undefined || slot === before.now.chain?.slot || explanation === undefined) return;
    if (explanation.slot >= slot - UNSETTLED_SLOTS) void this.#ask();
  }

  override render({ query, now }: Props, { explanation, problem }: State) {
    return (
      <div class="cards">
        <Card title="Why was a duty executed, or not?" wide id="why">
          <WhyForm query={query} slot={now.chain?.slot} />
          <div aria-live="polite">
            {problem !== undefined && <p class="bad">{problem}</p>}
            {explanation !== undefined && <Asked explanation={explanation} />}
            {query !== '' && problem === undefined && explanation === undefined && <p class="quiet">Reading …</p>}
            {query === '' && (
              <p class="quiet">
                Name a validator by its index, and a slot; or an epoch, for the slot in which it attests. The marks of
                the timeline lead here too.
              </p>
            )}
          </div>
        </Card>
        {explanation?.duties
          .filter(({ verdict }) => verdict !== 'none')
          .map((duty) => (
            <LifeLine key={duty.role} duty={duty} />
          ))}
        {explanation !== undefined && <Absent explanation={explanation} />}
      </div>
    );
  }

  async #ask(): Promise<void> {
    const { query } = this.props;
    if (query === '') return;
    const answer = await ask<Explanation>(`/api/explain?${query}`).then(
      (explanation) => ({ explanation, problem: undefined }),
      (error: unknown) => ({ problem: error instanceof Error ? error.message : String(error) }),
    );
    // Something else may have been asked for meanwhile.
    if (query === this.props.query) this.setState(answer);
  }
}

function Asked({ explanation: { validator, slot, epoch, recorded, gaps } }: { explanation: Explanation }) {
  const span = recorded === undefined ? 'is empty' : `holds slots ${recorded.from} to ${recorded.to}`;
  return (
    <div>
      <p id="asked">
        <b>
          Validator {validator}, slot {slot}
        </b>{' '}
        (epoch {epoch}){' '}
        <span class="beside">
          <a href={whyAddress({ validator, slot: Math.max(0, slot - 1) })}>slot before</a> ·{' '}
          <a href={whyAddress({ validator, slot: slot + 1 })}>slot after</a>
        </span>
      </p>
      <p class="quiet">The journal {span}. Times count from the start of the slot.</p>
      {gaps.map((gap) => (
        <p key={gap} class="bad">
          Not all of it is told: {gap}.
        </p>
      ))}
    </div>
  );
}

function LifeLine({ duty }: { duty: DutyExplanation }) {
  const { role, verdict, reason, text } = duty;
  return (
    <section class="card wide life" data-kind={role} data-verdict={verdict}>
      <h2>{KIND_NAMES[role]}</h2>
      <p class="verdict">
        <StateSign state={STATES[verdict as Exclude<Verdict, 'none'>]} />
        <span>
          <b>{text.startsWith(verdict) ? text : `${verdict}, ${text}`}</b>{' '}
          {reason !== undefined && !text.includes(reason) && <span class="quiet">{reason}</span>}
        </span>
      </p>
      <Steps steps={duty.steps} />
    </section>
  );
}

function Steps({ steps }: { steps: readonly LifeStep[] }) {
  return (
    <ol class="steps">
      {steps.map(({ time, offsetMs, what, text }, index) => (
        <li key={index} class={what} data-what={what} data-offset-ms={offsetMs}>
          <span class="offset">{offset(offsetMs)}</span>
          <time>{clockTime(time)}</time>
          <span class="text">{text}</span>
        </li>
      ))}
    </ol>
  );
}

/** What there was not, each with the reason. */
function Absent({ explanation: { validator, duties } }: { explanation: Explanation }) {
  const absent = duties.filter(({ verdict }) => verdict === 'none');
  if (absent.length === 0) return null;
  return (
    <Card title="No duty" wide id="absent">
      <ul class="rows tight">
        {absent.map(({ role, reason, text, elsewhere, steps }) => (
          <li key={role} data-kind={role} data-reason={reason}>
            <div>
              <b>{KIND_NAMES[role]}</b> {text}{' '}
              {elsewhere.map((slot) => (
                <a key={slot} href={whyAddress({ validator, slot })}>
                  slot {slot}
                </a>
              ))}
              {steps.length > 0 && <Steps steps={steps} />}
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}
