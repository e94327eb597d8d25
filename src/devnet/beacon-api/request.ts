import { RefusedRequest } from '../node-view.js';

/** A request to the Beacon API, apart from any HTTP library. */
export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
}

/** An answer of the Beacon API. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: an empty body. */
  readonly body: Json | undefined;
}

/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Values of a query parameter, given several times or comma separated. */
export function listParameter(query: URLSearchParams, name: string): string[] {
  return query
    .getAll(name)
    .flatMap((value) => value.split(','))
    .filter((value) => value !== '');
}

/** A path or query parameter that must be an unsigned integer. */
export function integerParameter(value: string | null | undefined, name: string): number {
  if (value === null || value === undefined || !/^\d{1,15}$/.test(value)) {
    throw new RefusedRequest(400, `${name} must be integer`);
  }
  return Number(value);
}

/** A body that must be a list. */
export function listBody(body: unknown): readonly unknown[] {
  if (!Array.isArray(body)) throw new RefusedRequest(400, ' must be array');
  return body as readonly unknown[];
}

/** A body of validator indices; real nodes take strings and numbers. */
export function indicesBody(body: unknown): number[] {
  return listBody(body).map((item, i) => integerItem(item, `/${i}`));
}

/** An unsigned integer in a body, as string or number. */
export function integerItem(item: unknown, name: string): number {
  if (typeof item !== 'string' && typeof item !== 'number') throw new RefusedRequest(400, `${name} must be string`);
  return integerParameter(String(item), name);
}

/** A field of an object in a body. */
export function fieldOf(item: unknown, field: string): unknown {
  return typeof item === 'object' && item !== null ? (item as Record<string, unknown>)[field] : undefined;
}
