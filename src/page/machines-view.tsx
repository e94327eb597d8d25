import { Component, createRef, h } from 'preact';
import type { ActorReport, ActorStep, ChartsReport, MachinesReport } from '../observability/reports.js';
import { clockTime } from './format.js';
import { ask, Settled } from './live.js';
import { Card } from './parts.js';

const KEPT_STEPS = 40;
const SHOW_STEPS_EVERY_MS = 250;

interface State {
  readonly machines: MachinesReport | undefined;
  readonly charts: ChartsReport;
  /** Session id of the actor whose chart is shown. */
  readonly chosen: string | undefined;
  /** The newest first. */
  readonly steps: readonly ActorStep[];
  readonly problem: string | undefined;
}

/** The live statecharts: every actor, the chart of one, and what they do. */
export class MachinesView extends Component<object, State> {
  override state: State = { machines: undefined, charts: {}, chosen: undefined, steps: [], problem: undefined };
  #events: EventSource | undefined;
  #waiting: ActorStep[] = [];
  readonly #refresh = new Settled(async () => {
    try {
      const machines = await ask<MachinesReport>('/api/machines');
      const { chosen } = this.state;
      const known = machines.actors.some(({ id }) => id === chosen);
      const first = machines.actors.find(({ chart }) => chart === 'duty-role') ?? machines.actors[0];
      this.setState({ machines, chosen: known ? chosen : first?.id, problem: undefined });
    } catch (error) {
      this.setState({ problem: String(error) });
    }
  });
  readonly #showSteps = new Settled(async () => {
    const steps = this.#waiting.reverse();
    this.#waiting = [];
    this.setState({ steps: [...steps, ...this.state.steps].slice(0, KEPT_STEPS) });
    return Promise.resolve();
  }, SHOW_STEPS_EVERY_MS);

  override componentDidMount(): void {
    this.#refresh.request();
    ask<ChartsReport>('/api/machines/charts').then(
      (charts) => this.setState({ charts }),
      (error: unknown) => this.setState({ problem: String(error) }),
    );
    this.#events = new EventSource('/api/machines/events');
    this.#events.addEventListener('step', ({ data }: MessageEvent<string>) => {
      const step = JSON.parse(data) as ActorStep;
      this.#refresh.request();
      // Requests and look-ups have no states worth a line.
      if (step.chart === null) return;
      this.#waiting = [...this.#waiting, step].slice(-KEPT_STEPS);
      this.#showSteps.request();
    });
  }

  override componentWillUnmount(): void {
    this.#events?.close();
    this.#refresh.stop();
    this.#showSteps.stop();
  }

  override render(_: object, { machines, charts, chosen, steps, problem }: State) {
    if (machines === undefined) return <p class="quiet">{problem ?? 'Reading …'}</p>;
    const actor = machines.actors.find(({ id }) => id === chosen);
    const svg = actor?.chart == null ? undefined : charts[actor.chart];
    return (
      <div class="machines">
        <Card title="Actors" aside={String(machines.total)} id="actors">
          <Actors actors={machines.actors} chosen={chosen} choose={(id) => this.setState({ chosen: id })} />
        </Card>
        <Card title={actor?.name ?? 'Statechart'} aside={actor?.about ?? ''} wide id="chart">
          {actor !== undefined && <p class="states">{leaves(actor).join(' · ') || 'an actor without states'}</p>}
          {svg !== undefined && actor !== undefined && <Chart svg={svg} states={actor.states} name={actor.name} />}
          {problem !== undefined && <p class="bad">{problem}</p>}
        </Card>
        <Card title="What they do" wide id="steps">
          <ol class="log">
            {steps.map((step) => (
              <li key={`${step.time} ${step.id} ${step.step} ${step.to.join()}`} class={step.step}>
                <time>{clockTime(step.time)}</time>{' '}
                {step.parent !== null && <span class="quiet">{step.parent} / </span>}
                <b>{step.name}</b> {stepText(step)}
              </li>
            ))}
            {steps.length === 0 && <li class="quiet">Nothing since you opened this view.</li>}
          </ol>
        </Card>
      </div>
    );
  }
}

function Actors(props: { actors: readonly ActorReport[]; chosen: string | undefined; choose: (id: string) => void }) {
  const { actors, chosen, choose } = props;
  const depth = new Map<string, number>();
  const shown = actors.filter(({ chart }) => chart !== null);
  for (const { id, parent } of shown) depth.set(id, parent === null ? 0 : (depth.get(parent) ?? 0) + 1);
  return (
    <ul class="actors">
      {shown.map((actor) => (
        <li key={actor.id} class={`depth-${Math.min(3, depth.get(actor.id)!)}`}>
          <button
            type="button"
            aria-pressed={actor.id === chosen}
            data-name={actor.name}
            data-states={leaves(actor).join(' ')}
            onClick={() => choose(actor.id)}
          >
            <b>{actor.name}</b> <span>{leaves(actor).join(' · ')}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** A drawing from the server, with the active states lit. */
class Chart extends Component<{ svg: string; states: readonly string[]; name: string }> {
  readonly #box = createRef<HTMLDivElement>();

  override componentDidMount(): void {
    this.#draw();
  }

  override componentDidUpdate(before: { svg: string }): void {
    if (before.svg !== this.props.svg) this.#draw();
    else this.#light();
  }

  override render() {
    const { name, states } = this.props;
    return (
      <div
        class="scroll chart"
        ref={this.#box}
        tabIndex={0}
        role="img"
        aria-label={`Statechart of ${name}; active: ${states.join(', ')}`}
      />
    );
  }

  #draw(): void {
    const drawing = new DOMParser().parseFromString(this.props.svg, 'image/svg+xml').documentElement;
    drawing.removeAttribute('width');
    drawing.removeAttribute('height');
    const width = Number(drawing.getAttribute('viewBox')?.split(' ')[2] ?? 600);
    drawing.setAttribute('width', String(Math.round(width * 1.15)));
    this.#box.current?.replaceChildren(document.importNode(drawing, true));
    this.#light();
  }

  #light(): void {
    const active = new Set(this.props.states.map((path) => `state-at-${path.replaceAll('.', '--')}`));
    for (const state of this.#box.current?.querySelectorAll('g.state') ?? []) {
      state.classList.toggle(
        'active',
        [...state.classList].some((name) => active.has(name)),
      );
    }
  }
}

/** The innermost active states. */
function leaves({ states }: Pick<ActorReport, 'states'>): string[] {
  return states.filter((state) => !states.some((other) => other.startsWith(`${state}.`)));
}

function stepText({ step, event, from, to }: ActorStep): string {
  const before = leaves({ states: from });
  const after = leaves({ states: to });
  // Of parallel regions, those that moved.
  const fromText = before.filter((state) => !after.includes(state)).join(' · ');
  const toText = after.filter((state) => !before.includes(state)).join(' · ');
  switch (step) {
    case 'started':
      return 'appears';
    case 'moved':
      return fromText === '' ? `is in ${toText}` : `${fromText} → ${toText} (${event})`;
    case 'done':
      return `is done (${event})`;
    case 'stopped':
      return `is stopped in ${before.join(' · ')}`;
    case 'crashed':
      return `crashed (${event})`;
  }
}
