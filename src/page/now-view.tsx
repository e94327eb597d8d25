import { Fragment, h } from 'preact';
import type { DutyMark, KindTotals, NowReport } from '../observability/reports.js';
import { clockTime, duties, KIND_NAMES, listed, punctuality, sizeOf, span, STATE_NAMES } from './format.js';
import { Card, StateSign } from './parts.js';
import { SlotClock } from './slot-clock.js';

/** What is so now. */
export function NowView({ now, clockAheadMs }: { now: NowReport; clockAheadMs: number }) {
  const { chain } = now;
  if (chain === null) {
    return (
      <div class="cards">
        <Card title="Waiting">
          <p>The beacon node has not said yet what chain it is on.</p>
        </Card>
        <Readiness now={now} />
      </div>
    );
  }
  return (
    <div class="cards">
      <Card title="This slot">
        <SlotClock chain={chain} clockAheadMs={clockAheadMs} />
      </Card>
      <Card title="Duties of this slot" id="duties-now">
        <DutiesNow marks={now.duties} />
      </Card>
      <Card title="Next duties" id="upcoming">
        <Upcoming now={now} slotDurationMs={chain.slotDurationMs} />
      </Card>
      <Card title="This run" wide id="totals">
        <Totals totals={now.totals} />
        <p class="facts">
          {plural(now.counts.reorgs, 're-org')} · {plural(now.counts.slotsSkipped, 'slot')} skipped ·{' '}
          {plural(now.counts.fetchesFailed, 'fetch', 'fetches')} failed
        </p>
      </Card>
      <Readiness now={now} />
      <Card title="Nodes and validators">
        <NodesAndValidators now={now} />
      </Card>
      <Restart now={now} />
      <Card title="Last events" wide id="happenings">
        <Happenings now={now} />
      </Card>
    </div>
  );
}

function DutiesNow({ marks }: { marks: readonly DutyMark[] }) {
  if (marks.length === 0) return <p class="quiet">No duty of ours.</p>;
  return (
    <ul class="rows">
      {marks.map((mark) => (
        <li key={mark.kind} data-kind={mark.kind} data-state={mark.state}>
          <StateSign state={mark.state} />
          <div>
            <b>{KIND_NAMES[mark.kind]}</b> <span class="quiet">{duties(sizeOf(mark))}</span>
            <div class="quiet">
              {[STATE_NAMES[mark.state], punctuality(mark)].filter((text) => text !== '').join(', ')}
            </div>
          </div>
        </li>
      ))}
    </ul>
  );
}

function Upcoming({ now, slotDurationMs }: { now: NowReport; slotDurationMs: number }) {
  return (
    <ul class="rows">
      {now.upcoming.map(({ slot, duties: ofSlot }) => (
        <li key={slot}>
          <span class="when" title={`in ${span((slot - now.chain!.slot) * slotDurationMs)}`}>
            {slot}
          </span>
          <div>
            {ofSlot.length === 0 && <span class="quiet">nothing known</span>}
            {ofSlot.map(({ role, first, count }) => (
              <div key={role}>
                <b>{KIND_NAMES[role]}</b> <span class="quiet">{listed(first, count, 6)}</span>
              </div>
            ))}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Restart({ now: { restart, time } }: { now: NowReport }) {
  if (restart === null) return null;
  const isSafe = restart.until > time;
  return (
    <Card title="Restart" id="restart">
      <p class="verdict">
        <StateSign state={isSafe ? 'met' : 'open'} />{' '}
        <b>{isSafe ? `Safe until ${clockTime(restart.until)}` : 'Not safe now'}</b>
      </p>
      <p class="quiet">
        {!isSafe
          ? 'Duties are under way.'
          : restart.reason === 'duties-ahead'
            ? `In ${span(restart.until - time)} duties are due.`
            : `Duties after ${span(restart.until - time)} are not known yet.`}{' '}
        What is due while the process is away is missed; attestations are made up where the journal permits.
      </p>
    </Card>
  );
}

const COLUMNS = ['late', 'deferred', 'skipped', 'failed', 'cancelled'] as const;

function Totals({ totals }: { totals: readonly KindTotals[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Duties of this run">
      <table>
        <thead>
          <tr>
            <th scope="col">duty</th>
            <th scope="col">met</th>
            <th scope="col">missed</th>
            {COLUMNS.map((column) => (
              <th scope="col" key={column}>
                {column}
              </th>
            ))}
            <th scope="col">done, median</th>
          </tr>
        </thead>
        <tbody>
          {totals.map((row) => (
            <tr key={row.kind} data-kind={row.kind}>
              <th scope="row">{KIND_NAMES[row.kind]}</th>
              <td data-column="met" class={row.met === 0 ? 'none' : 'met'}>
                {row.met}
              </td>
              <td data-column="missed" class={row.missed === 0 ? 'good' : 'bad'}>
                {row.missed}
              </td>
              {COLUMNS.map((column) => (
                <td key={column} data-column={column} class={row[column] === 0 ? 'none' : column}>
                  {row[column]}
                </td>
              ))}
              <td>{medianText(row)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function medianText({ kind, medianMarginMs }: KindTotals): string {
  if (medianMarginMs === null) return '–';
  if (kind === 'proposer') return `${span(-medianMarginMs)} into slot`;
  return medianMarginMs >= 0 ? `${span(medianMarginMs)} early` : `${span(-medianMarginMs)} past due`;
}

function Readiness({ now: { readiness } }: { now: NowReport }) {
  return (
    <Card title="Readiness" id="readiness">
      <ul class="rows tight">
        {readiness.checks.map(({ check, ok, detail }) => (
          <li key={check} data-check={check} data-ok={String(ok)}>
            <span class={ok ? 'sign met' : 'sign failed'} role="img" aria-label={ok ? 'holds' : 'does not hold'}>
              {ok ? '✓' : '!'}
            </span>
            <div>
              {check.replaceAll('-', ' ')} <span class="quiet">{detail}</span>
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function NodesAndValidators({ now: { nodes, validators } }: { now: NowReport }) {
  return (
    <Fragment>
      <ul class="rows tight">
        {nodes.map(({ url, status, unfit, leads }) => (
          <li key={url}>
            <StateSign state={unfit === null && status !== 'lost' && status !== 'syncing' ? 'met' : 'failed'} />
            <div>
              <span class="address">{url}</span>{' '}
              <span class="quiet">
                {unfit ?? status}
                {leads && nodes.length > 1 && ', leads'}
              </span>
            </div>
          </li>
        ))}
        {nodes.length === 0 && <li class="quiet">No node heard of yet.</li>}
      </ul>
      <ul class="chips" id="validators">
        {Object.entries(validators).map(([status, amount]) => (
          <li key={status} data-status={status}>
            <b>{amount.toLocaleString()}</b> {status.replaceAll('_', ' ')}
          </li>
        ))}
      </ul>
    </Fragment>
  );
}

function Happenings({ now: { happenings } }: { now: NowReport }) {
  if (happenings.length === 0) return <p class="quiet">Nothing but duties met.</p>;
  return (
    <ol class="log">
      {happenings.slice(0, 12).map(({ time, slot, subject, text, isTrouble }) => (
        <li key={`${time} ${subject} ${text}`} class={isTrouble ? 'trouble' : ''}>
          <time dateTime={new Date(time).toISOString()}>{clockTime(time)}</time> <span class="quiet">slot {slot}</span>{' '}
          <b>{subject}</b> {text}
        </li>
      ))}
    </ol>
  );
}

function plural(amount: number, noun: string, more = `${noun}s`): string {
  return `${amount} ${amount === 1 ? noun : more}`;
}
