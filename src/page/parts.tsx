/** Small parts that the views share. */
import { h, type ComponentChildren } from 'preact';
import type { DutyState } from '../observability/reports.js';
import { STATE_NAMES, STATE_SIGNS } from './format.js';

export function Card(props: {
  title: string;
  wide?: boolean;
  aside?: string;
  id?: string;
  children: ComponentChildren;
}) {
  return (
    <section class={props.wide === true ? 'card wide' : 'card'} id={props.id}>
      <h2>
        {props.title} {props.aside !== undefined && <small>{props.aside}</small>}
      </h2>
      {props.children}
    </section>
  );
}

/** The state of duties as a sign with its name for those who do not see it. */
export function StateSign({ state }: { state: DutyState }) {
  return (
    <span class={`sign ${state}`} role="img" aria-label={STATE_NAMES[state]} title={STATE_NAMES[state]}>
      {STATE_SIGNS[state]}
    </span>
  );
}

/** The signs with their names. */
export function Legend() {
  return (
    <ul class="legend" aria-label="Signs">
      {(Object.keys(STATE_NAMES) as DutyState[]).map((state) => (
        <li key={state}>
          <span class={`sign ${state}`} aria-hidden="true">
            {STATE_SIGNS[state]}
          </span>{' '}
          {STATE_NAMES[state]}
        </li>
      ))}
    </ul>
  );
}
