import { Component, createRef, Fragment, h, type ComponentChildren } from 'preact';
import type { DutyMark, NowReport, TimelineReport } from '../observability/reports.js';
import { clockTime, KIND_NAMES, markText, punctuality, sizeOf, span, STATE_NAMES } from './format.js';
import { ask, Settled } from './live.js';
import { Card, Legend } from './parts.js';
import { TimelineChart } from './timeline-chart.js';
import { whyAddress } from './why-form.js';

interface Props {
  readonly now: NowReport;
  readonly clockAheadMs: number;
}

interface State {
  readonly timeline: TimelineReport | undefined;
  readonly past: number;
  /** Kind and slot of the mark that is explained. */
  readonly chosen: Pick<DutyMark, 'kind' | 'slot'> | undefined;
  /** It stays, wherever the pointer goes: the way to its links leads over other marks. */
  readonly kept: boolean;
  readonly problem: string | undefined;
}

/** The last and the next epochs: a row per kind of duty, heads, re-orgs and fetches. */
export class TimelineView extends Component<Props, State> {
  override state: State = { timeline: undefined, past: 1, chosen: undefined, kept: false, problem: undefined };
  readonly #refresh = new Settled(async () => {
    try {
      const timeline = await ask<TimelineReport>(`/api/timeline?epochs=${this.state.past}`);
      this.setState({ timeline, problem: undefined });
    } catch (error) {
      this.setState({ problem: String(error) });
    }
  });
  readonly #box = createRef<HTMLDivElement>();
  #following = true;

  override componentDidMount(): void {
    this.#refresh.request();
  }

  override componentDidUpdate(before: Props): void {
    if (before.now !== this.props.now) this.#refresh.request();
    if (this.#following) this.#scrollToNow();
  }

  override componentWillUnmount(): void {
    this.#refresh.stop();
  }

  override render({ clockAheadMs }: Props, { timeline, past, chosen, kept, problem }: State) {
    if (timeline === undefined) return <p class="quiet">{problem ?? 'Reading …'}</p>;
    const mark = chosen && timeline.marks.find(({ kind, slot }) => kind === chosen.kind && slot === chosen.slot);
    return (
      <div class="cards">
        <Card title="Timeline" wide aside={`slots ${timeline.from} to ${timeline.to}`}>
          <p class="controls">
            <label>
              epochs back{' '}
              <select value={past} onChange={({ currentTarget }) => this.#goBack(Number(currentTarget.value))}>
                <option value={0}>0</option>
                <option value={1}>1</option>
                <option value={2}>2</option>
              </select>
            </label>
            <label>
              <input
                type="checkbox"
                checked={this.#following}
                onChange={({ currentTarget }) => {
                  this.#following = currentTarget.checked;
                  this.forceUpdate();
                }}
              />{' '}
              follow the time
            </label>
          </p>
          <div ref={this.#box}>
            <TimelineChart
              timeline={timeline}
              clockAheadMs={clockAheadMs}
              chosen={chosen}
              choose={(next) => this.#choose(next)}
              pointAt={(next) => !kept && this.setState({ chosen: next })}
            />
          </div>
          <Legend />
          <div class="explained" aria-live="polite" id="explained">
            {mark === undefined ? (
              <p class="quiet">
                Point at a mark, tap it, or move with the arrow keys: it is explained here. A click keeps it until the
                next.
              </p>
            ) : (
              <Explained mark={mark} timeline={timeline} />
            )}
          </div>
        </Card>
      </div>
    );
  }

  /** A second click lets go of the mark. */
  #choose({ kind, slot }: Pick<DutyMark, 'kind' | 'slot'>): void {
    const { chosen, kept } = this.state;
    const isSame = chosen?.kind === kind && chosen.slot === slot;
    this.setState({ chosen: { kind, slot }, kept: !(kept && isSame) });
  }

  #goBack(past: number): void {
    this.setState({ past });
    this.#refresh.request();
  }

  #scrollToNow(): void {
    const box = this.#box.current?.querySelector('.scroll');
    const line = box?.querySelector('.now-line');
    if (box == null || line == null) return;
    box.scrollLeft = Number(line.getAttribute('x1')) - box.clientWidth * 0.6;
  }
}

function Explained({ mark, timeline }: { mark: DutyMark; timeline: TimelineReport }) {
  const start = timeline.genesisTimeMs + mark.slot * timeline.slotDurationMs;
  const head = timeline.heads.find(({ slot }) => slot === mark.slot);
  const size = sizeOf(mark);
  const facts: [string, ComponentChildren][] = [
    ['what', `${KIND_NAMES[mark.kind]} in slot ${mark.slot} (${clockTime(start)})`],
    ['state', [STATE_NAMES[mark.state], punctuality(mark)].filter((text) => text !== '').join(', ')],
    ['duties', `${size}${mark.met > 0 ? `, ${mark.met} met` : ''}`],
    ['validators', <Validators mark={mark} />],
    ['due', `${span(mark.dueAtMs)} into the slot`],
    [
      'came due',
      mark.dueOffsetMs === null
        ? ''
        : `${span(mark.dueOffsetMs)} into the slot, by ${Object.keys(mark.triggers).join(', ')}`,
    ],
    ['done', mark.doneOffsetMs === null ? '' : `${span(mark.doneOffsetMs)} into the slot`],
    ['head', head === undefined ? '' : `${span(head.at - start)} into the slot`],
    [
      'reasons',
      Object.entries(mark.reasons)
        .map(([reason, amount]) => `${reason} (${amount})`)
        .join(', '),
    ],
  ];
  return (
    <dl aria-label={markText(mark)}>
      {facts
        .filter(([, text]) => text !== '')
        .map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
    </dl>
  );
}

const MOST_VALIDATORS = 16;

/** Each leads to its life line. */
function Validators({ mark }: { mark: DutyMark }) {
  const shown = mark.validators.slice(0, MOST_VALIDATORS);
  const more = sizeOf(mark) - shown.length;
  return (
    <span>
      {shown.map((validator, index) => (
        <Fragment key={validator}>
          {index > 0 && ', '}
          <a href={whyAddress({ validator, slot: mark.slot })} title={`why, for validator ${validator}`}>
            {validator}
          </a>
        </Fragment>
      ))}
      {more > 0 && ` and ${more} more`}
    </span>
  );
}
