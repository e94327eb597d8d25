import { Component, h, render } from 'preact';
import { follow, type LiveState } from './live.js';
import { MachinesView } from './machines-view.js';
import { NowView } from './now-view.js';
import { TimelineView } from './timeline-view.js';
import { WhyView } from './why-view.js';

const TABS = ['Now', 'Timeline', 'Machines', 'Why'] as const;
type Tab = (typeof TABS)[number];

/** What the address names: a view, and what is asked of it. */
interface Place {
  readonly tab: Tab;
  readonly query: string;
}

interface PageState {
  readonly place: Place;
  readonly live: LiveState;
}

class Page extends Component<object, PageState> {
  override state: PageState = {
    place: placeOf(location.hash),
    live: { now: undefined, clockAheadMs: 0, connected: false },
  };

  override componentDidMount(): void {
    follow((live) => this.setState({ live }));
    addEventListener('hashchange', () => this.setState({ place: placeOf(location.hash) }));
  }

  override render(_: object, { place: { tab, query }, live: { now, clockAheadMs, connected } }: PageState) {
    return (
      <div>
        <header>
          <h1>
            ssv-duty-scheduler <small>{now?.title}</small>
          </h1>
          <Status now={now} connected={connected} />
          <nav role="tablist" aria-label="Views" onKeyDown={(event) => moveTab(event, tab)}>
            {TABS.map((name) => (
              <a
                key={name}
                role="tab"
                id={`tab-${name}`}
                href={`#${name.toLowerCase()}`}
                aria-selected={name === tab}
                aria-controls="view"
                tabIndex={name === tab ? 0 : -1}
              >
                {name}
              </a>
            ))}
          </nav>
        </header>
        <main>
          <div id="view" role="tabpanel" aria-labelledby={`tab-${tab}`}>
            {now === undefined ? (
              <p class="quiet">Connecting …</p>
            ) : tab === 'Now' ? (
              <NowView now={now} clockAheadMs={clockAheadMs} />
            ) : tab === 'Timeline' ? (
              <TimelineView now={now} clockAheadMs={clockAheadMs} />
            ) : tab === 'Machines' ? (
              <MachinesView />
            ) : (
              <WhyView now={now} query={query} />
            )}
          </div>
        </main>
        <footer>
          {now !== undefined && `version ${now.version} · `}
          <a href="/metrics">metrics</a> · <a href="/readyz">readiness</a> · <a href="/api/now">api</a>
        </footer>
      </div>
    );
  }
}

function Status({ now, connected }: { now: LiveState['now']; connected: boolean }) {
  const failing = now?.readiness.checks.filter(({ ok }) => !ok) ?? [];
  const [kind, text] = !connected
    ? ['bad', 'no connection']
    : failing.length > 0
      ? ['bad', `not ready: ${failing.map(({ check }) => check.replaceAll('-', ' ')).join(', ')}`]
      : ['good', 'ready'];
  return (
    <p class={`status ${kind}`} role="status" id="status">
      <span aria-hidden="true">{kind === 'good' ? '✓' : '!'}</span> {text}
    </p>
  );
}

/** `#why?validator=7&slot=41` */
function placeOf(hash: string): Place {
  const [view, query = ''] = hash.split('?', 2);
  return { tab: TABS.find((name) => `#${name.toLowerCase()}` === view) ?? 'Now', query };
}

/** Arrow keys move between tabs, as in any row of tabs. */
function moveTab(event: KeyboardEvent, tab: Tab): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length]!;
  location.hash = next.toLowerCase();
  document.getElementById(`tab-${next}`)?.focus();
}

render(<Page />, document.getElementById('page')!);
