/** The shape of a JSON value: keys, types and the form of its strings, so that two answers can be compared. */
export type Shape = string | { readonly [key: string]: Shape } | readonly Shape[];

function stringForm(text: string): string {
  if (/^\d+$/.test(text)) return 'decimal';
  if (/^0x[0-9a-f]*$/.test(text)) return `hex of ${text.length - 2} digits`;
  return 'text';
}

/** Of a list only the different shapes of its items count. */
export function shapeOf(value: unknown): Shape {
  if (typeof value === 'string') return stringForm(value);
  if (Array.isArray(value)) {
    const shapes = new Map(value.map((item: unknown) => [JSON.stringify(shapeOf(item)), shapeOf(item)]));
    return [...shapes.entries()].sort(([a], [b]) => a.localeCompare(b)).map(([, shape]) => shape);
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => [key, shapeOf(item)] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b)));
  }
  return value === null ? 'null' : typeof value;
}
