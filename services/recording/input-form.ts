import type { RecordedInput } from './input-lines.js';

type Fields = Readonly<Record<string, unknown>>;

/** What every input of a kind has, whatever it tells. */
const FORMS: Readonly<Record<RecordedInput['of'], (fields: Fields) => boolean>> = {
  // Its beginning is read by itself.
  start: () => true,
  timer: ({ n }) => isCount(n),
  // The outcome of what answers with nothing is empty.
  answer: ({ n, question, outcome }) => isCount(n) && hasText(question, 'what') && isObject(outcome),
  ticks: ({ event }) => hasText(event, 'type'),
  stream: ({ node, event }) => isCount(node) && hasText(event, 'type'),
  source: ({ event }) => hasText(event, 'type'),
  send: ({ event }) => hasText(event, 'type'),
  stop: ({ reason }) => typeof reason === 'string',
  random: ({ value }) => typeof value === 'number',
  lost: () => true,
};

/** Throws a `TypeError` for fields that are no input of any kind. */
export function assertInput(fields: unknown): asserts fields is RecordedInput {
  if (!isObject(fields)) throw new TypeError('an input without fields');
  const of = String(fields['of']);
  if (!Object.hasOwn(FORMS, of)) throw new TypeError(`an input of the unknown kind ${of}`);
  if (!FORMS[of as RecordedInput['of']](fields)) throw new TypeError(`an input of kind ${of} that lacks a field`);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function hasText(value: unknown, name: string): boolean {
  return isObject(value) && typeof value[name] === 'string';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
