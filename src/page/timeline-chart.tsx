import { Component, createRef, h } from 'preact';
import type { DutyKind, Role } from '../../machines/rules/duties.js';
import type { DutyMark, TimelineReport } from '../observability/reports.js';
import { KIND_NAMES, markText, sizeOf, span, STATE_SIGNS } from './format.js';

const NAMES_WIDTH = 132;
const ROW = 30;
const FETCH_ROW = 20;
const TOP = 34;
const NARROWEST_SLOT = 22;
const WIDEST_SLOT = 44;
const WANTED_WIDTH = 1060;
/** Part of a slot's width that is left free at both sides, so that a mark at its start stands in it. */
const MARGIN = 0.22;
const MOVE_LINE_MS = 250;

interface Props {
  readonly timeline: TimelineReport;
  readonly clockAheadMs: number;
  readonly chosen: Pick<DutyMark, 'kind' | 'slot'> | undefined;
  /** A mark was clicked, or reached by keys. */
  readonly choose: (mark: Pick<DutyMark, 'kind' | 'slot'>) => void;
  /** The pointer is over a mark. */
  readonly pointAt: (mark: Pick<DutyMark, 'kind' | 'slot'>) => void;
}

/** The timeline as a drawing. A duty stands in its slot where it was done, or is due. */
export class TimelineChart extends Component<Props> {
  readonly #nowLine = createRef<SVGLineElement>();
  #timer = 0;

  override componentDidMount(): void {
    this.#timer = setInterval(() => this.#moveLine(), MOVE_LINE_MS);
    this.#moveLine();
  }

  override componentDidUpdate(): void {
    this.#moveLine();
  }

  override componentWillUnmount(): void {
    clearInterval(this.#timer);
  }

  override render({ timeline, chosen, choose, pointAt }: Props) {
    const { from, to, kinds, roles, marks, slotDurationMs, slotsPerEpoch, genesisTimeMs } = timeline;
    const slots = to - from + 1;
    const slotWidth = slotWidthOf(timeline);
    const x = (timeMs: number) => timeX(timeline, timeMs);
    const slotX = (slot: number) => (slot - from) * slotWidth;
    const rowOf = (kind: DutyKind) => TOP + kinds.indexOf(kind) * ROW + ROW / 2;
    const headsY = TOP + kinds.length * ROW + ROW / 2;
    const fetchY = (role: Role) => headsY + ROW / 2 + roles.indexOf(role) * FETCH_ROW + FETCH_ROW / 2;
    const height = headsY + ROW / 2 + roles.length * FETCH_ROW + 8;
    const width = slotX(to + 1) + 8;
    const chosenMark = chosen && marks.find((mark) => mark.kind === chosen.kind && mark.slot === chosen.slot);
    const epochs = Array.from({ length: Math.ceil(slots / slotsPerEpoch) }, (_, index) => from + index * slotsPerEpoch);
    return (
      <div class="timeline-box">
        <svg class="timeline" width={NAMES_WIDTH} height={height} aria-hidden="true">
          {kinds.map((kind) => (
            <text key={kind} class="row-name" x={NAMES_WIDTH - 10} y={rowOf(kind)}>
              {KIND_NAMES[kind]}
            </text>
          ))}
          <text class="row-name" x={NAMES_WIDTH - 10} y={headsY}>
            heads
          </text>
          {roles.map((role) => (
            <text key={role} class="row-name small" x={NAMES_WIDTH - 10} y={fetchY(role)}>
              {`fetch ${KIND_NAMES[role]}`}
            </text>
          ))}
        </svg>
        <div class="scroll">
          <svg
            class="timeline marks"
            width={width}
            height={height}
            viewBox={`0 0 ${width} ${height}`}
            tabindex={0}
            role="application"
            aria-label={`Duties of slots ${from} to ${to}. Arrow keys move between marks. ${chosenMark ? markText(chosenMark) : ''}`}
            onKeyDown={(event) => this.#move(event)}
          >
            {epochs.map((first) => (
              <g key={first} class="epoch">
                <rect
                  class={(first / slotsPerEpoch) % 2 === 0 ? 'even' : 'odd'}
                  x={slotX(first)}
                  y={0}
                  width={slotsPerEpoch * slotWidth}
                  height={height}
                />
                <text x={slotX(first) + 6} y={15}>
                  epoch {first / slotsPerEpoch}
                </text>
              </g>
            ))}
            {Array.from({ length: slots }, (_, index) => from + index).map((slot) => (
              <g key={slot} class="slot-line">
                <line x1={slotX(slot)} y1={TOP - 6} x2={slotX(slot)} y2={height} />
                {(slotWidth > 30 || slot % 4 === 0) && (
                  <text x={slotX(slot) + slotWidth / 2} y={TOP - 7}>
                    {slot}
                  </text>
                )}
              </g>
            ))}
            {timeline.reorgs.map(({ time, text }) => (
              <g key={`${time}`} class="reorg">
                <title>{`re-org: ${text}`}</title>
                <line x1={x(time)} y1={TOP - 6} x2={x(time)} y2={height} />
                <text x={x(time) + 3} y={height - 4}>
                  re-org
                </text>
              </g>
            ))}
            {timeline.heads.map(({ slot, at }) => (
              <g key={slot} class="head-mark">
                <title>{`head of slot ${slot}, ${span(at - genesisTimeMs - slot * slotDurationMs)} into the slot`}</title>
                <path d={diamond(x(at), headsY, 5)} />
              </g>
            ))}
            {timeline.fetches.map((fetch, index) => (
              <g key={`${fetch.endedAt} ${index}`} class={`fetch ${fetch.outcome}`}>
                <title>{`${fetch.role}: ${fetch.text}`}</title>
                <rect
                  x={x(fetch.startedAt)}
                  y={fetchY(fetch.role) - 6}
                  width={Math.max(5, x(fetch.endedAt) - x(fetch.startedAt))}
                  height={12}
                  rx={2}
                />
              </g>
            ))}
            {marks.map((mark) => {
              const offset = mark.doneOffsetMs ?? mark.dueOffsetMs ?? mark.dueAtMs;
              const start = genesisTimeMs + mark.slot * slotDurationMs;
              const cx = x(start + Math.min(offset, slotDurationMs - 1));
              const isChosen = mark === chosenMark;
              return (
                <g
                  key={`${mark.kind} ${mark.slot}`}
                  class={`mark ${mark.state}${isChosen ? ' chosen' : ''}`}
                  data-kind={mark.kind}
                  data-slot={mark.slot}
                  data-met={mark.met}
                  data-state={mark.state}
                  transform={`translate(${cx} ${rowOf(mark.kind)})`}
                  onClick={() => choose(mark)}
                  onMouseEnter={() => pointAt(mark)}
                >
                  <title>{markText(mark)}</title>
                  <circle r={sizeOf(mark) > 0 ? 9 : 7} />
                  <text>{STATE_SIGNS[mark.state]}</text>
                </g>
              );
            })}
            <line class="now-line" ref={this.#nowLine} y1={0} y2={height} />
          </svg>
        </div>
      </div>
    );
  }

  /** Moves by hand: drawing all marks anew four times a second would cost a phone its battery. */
  #moveLine(): void {
    const { timeline, clockAheadMs } = this.props;
    const right = (timeline.to + 1 - timeline.from) * slotWidthOf(timeline);
    const x = String(Math.max(0, Math.min(right, timeX(timeline, Date.now() + clockAheadMs))));
    this.#nowLine.current?.setAttribute('x1', x);
    this.#nowLine.current?.setAttribute('x2', x);
  }

  /** Arrow keys: to the next mark of the row, or to the nearest of the next row. */
  #move(event: KeyboardEvent): void {
    const { timeline, chosen, choose } = this.props;
    const { marks, kinds } = timeline;
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const step = steps[event.key];
    if (step === undefined || marks.length === 0) return;
    event.preventDefault();
    if (chosen === undefined) {
      choose(marks[0]!);
      return;
    }
    const [along, across] = step;
    const row = kinds[kinds.indexOf(chosen.kind) + across];
    const candidates = marks.filter(
      ({ kind, slot }) => kind === row && (along === 0 || (slot - chosen.slot) * along > 0),
    );
    const distance = (mark: DutyMark) => Math.abs(mark.slot - chosen.slot);
    const next = candidates.sort((a, b) => distance(a) - distance(b))[0];
    if (next !== undefined) choose(next);
  }
}

function slotWidthOf({ from, to }: TimelineReport): number {
  return Math.max(NARROWEST_SLOT, Math.min(WIDEST_SLOT, WANTED_WIDTH / (to - from + 1)));
}

/** Where a moment stands in the drawing. */
function timeX(timeline: TimelineReport, timeMs: number): number {
  const at = (timeMs - timeline.genesisTimeMs) / timeline.slotDurationMs - timeline.from;
  const slot = Math.floor(at);
  return (slot + MARGIN + (at - slot) * (1 - 2 * MARGIN)) * slotWidthOf(timeline);
}

function diamond(x: number, y: number, size: number): string {
  return `M${x},${y - size} L${x + size},${y} L${x},${y + size} L${x - size},${y} Z`;
}
