import { Component, createRef, h } from 'preact';
import type { ChainReport } from '../observability/reports.js';
import { span } from './format.js';

const SIZE = 220;
const CENTRE = SIZE / 2;
const RADIUS = 88;
const ROUND = 2 * Math.PI * RADIUS;
const REDRAW_MS = 100;

interface Props {
  readonly chain: ChainReport;
  readonly clockAheadMs: number;
}

/** The current slot as a clock: how much of it is over, its due points, and when its head came. */
export class SlotClock extends Component<Props> {
  readonly #hand = createRef<SVGCircleElement>();
  readonly #offset = createRef<SVGTextElement>();
  #timer = 0;

  override componentDidMount(): void {
    this.#timer = setInterval(() => this.#move(), REDRAW_MS);
    this.#move();
  }

  override componentDidUpdate(): void {
    this.#move();
  }

  override componentWillUnmount(): void {
    clearInterval(this.#timer);
  }

  override render({ chain }: Props) {
    const { slot, epoch, slotsPerEpoch, slotDurationMs, duePoints, headOffsetMs } = chain;
    const position = slot - epoch * slotsPerEpoch;
    const head = headOffsetMs === null ? 'no head yet' : `head after ${span(headOffsetMs)}`;
    return (
      <div class="slot-clock">
        <svg viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={`Slot ${slot}, ${head}`}>
          <circle class="dial" cx={CENTRE} cy={CENTRE} r={RADIUS} />
          <circle
            class="hand"
            ref={this.#hand}
            cx={CENTRE}
            cy={CENTRE}
            r={RADIUS}
            transform={`rotate(-90 ${CENTRE} ${CENTRE})`}
            stroke-dasharray={`0 ${ROUND}`}
          />
          {duePoints.map(({ name, offsetMs }) => (
            <Radius key={name} part={offsetMs / slotDurationMs} kind="due" from={RADIUS - 14} to={RADIUS + 12} />
          ))}
          {headOffsetMs !== null && headOffsetMs >= 0 && headOffsetMs <= slotDurationMs && (
            <circle class="head" r={7} {...pointAt(headOffsetMs / slotDurationMs, RADIUS)} />
          )}
          <text class="what" x={CENTRE} y={CENTRE - 34}>
            slot
          </text>
          <text class="slot" x={CENTRE} y={CENTRE + 4} data-testid="slot">
            {slot}
          </text>
          <text class="what" x={CENTRE} y={CENTRE + 26}>
            {slot < 0 ? 'before genesis' : `epoch ${epoch} · ${position + 1} of ${slotsPerEpoch}`}
          </text>
          <text class="offset" ref={this.#offset} x={CENTRE} y={CENTRE + 48} />
        </svg>
        <ul class="facts">
          {duePoints.map(({ name, offsetMs }) => (
            <li key={name}>
              <i class="key due" /> {name} at {span(offsetMs)}
            </li>
          ))}
          <li>
            <i class="key head" /> {head}
          </li>
        </ul>
      </div>
    );
  }

  /** Moves by hand: drawing the page ten times a second would cost a phone its battery. */
  #move(): void {
    const { chain, clockAheadMs } = this.props;
    const since = Date.now() + clockAheadMs - (chain.genesisTimeMs + chain.slot * chain.slotDurationMs);
    const part = Math.max(0, Math.min(1, since / chain.slotDurationMs));
    this.#hand.current?.setAttribute('stroke-dasharray', `${part * ROUND} ${ROUND}`);
    if (this.#offset.current !== null) {
      const shown = Math.max(0, Math.min(since, chain.slotDurationMs));
      this.#offset.current.textContent = `${(shown / 1000).toFixed(1)} of ${chain.slotDurationMs / 1000} s`;
    }
  }
}

function Radius({ part, kind, from, to }: { part: number; kind: string; from: number; to: number }) {
  const inner = pointAt(part, from);
  const outer = pointAt(part, to);
  return <line class={kind} x1={inner.cx} y1={inner.cy} x2={outer.cx} y2={outer.cy} />;
}

function pointAt(part: number, radius: number): { cx: number; cy: number } {
  const angle = part * 2 * Math.PI - Math.PI / 2;
  return { cx: CENTRE + Math.cos(angle) * radius, cy: CENTRE + Math.sin(angle) * radius };
}
