import { Component, h } from 'preact';

/** Where the page tells of a validator in a slot. */
export function whyAddress({ validator, slot }: { readonly validator: number; readonly slot: number }): string {
  return `#why?validator=${validator}&slot=${slot}`;
}

interface Props {
  /** What the address asks for. */
  readonly query: string;
  /** The current one, as an example. */
  readonly slot: number | undefined;
}

interface State {
  readonly validator: string;
  readonly unit: 'slot' | 'epoch';
  readonly number: string;
}

/** Asks which validator, and in which slot or epoch; what is asked stands in the address, so that it can be passed on. */
export class WhyForm extends Component<Props, State> {
  override state: State = fieldsOf(this.props.query);

  override componentDidUpdate({ query }: Props): void {
    if (query !== this.props.query && this.props.query !== '') this.setState(fieldsOf(this.props.query));
  }

  override render({ slot }: Props, { validator, unit, number }: State) {
    return (
      <form class="why-form" onSubmit={(event) => this.#submit(event)}>
        <label>
          validator
          <input
            name="validator"
            inputMode="numeric"
            pattern="[0-9]{1,12}"
            title="The index of the validator, a whole number"
            autoComplete="off"
            required
            value={validator}
            onInput={({ currentTarget }) => this.setState({ validator: currentTarget.value })}
          />
        </label>
        <label>
          in
          <select
            name="unit"
            value={unit}
            onChange={({ currentTarget }) => this.setState({ unit: currentTarget.value as State['unit'] })}
          >
            <option value="slot">slot</option>
            <option value="epoch">epoch</option>
          </select>
        </label>
        <label>
          number
          <input
            name="number"
            inputMode="numeric"
            pattern="[0-9]{1,12}"
            title={`The number of the ${unit}, a whole number`}
            placeholder={unit === 'slot' && slot !== undefined ? String(Math.max(0, slot)) : ''}
            autoComplete="off"
            required
            value={number}
            onInput={({ currentTarget }) => this.setState({ number: currentTarget.value })}
          />
        </label>
        <button type="submit">Explain</button>
      </form>
    );
  }

  #submit(event: Event): void {
    event.preventDefault();
    const { validator, unit, number } = this.state;
    location.hash = `#why?validator=${validator}&${unit}=${number}`;
  }
}

function fieldsOf(query: string): State {
  const asked = new URLSearchParams(query);
  const unit = asked.has('epoch') ? 'epoch' : 'slot';
  return { validator: asked.get('validator') ?? '', unit, number: asked.get(unit) ?? '' };
}
