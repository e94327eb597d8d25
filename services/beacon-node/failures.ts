import { BeaconNodeError } from '../../machines/ports.js';
import { readObject } from './wire-values.js';

const LONGEST_NODE_MESSAGE = 200;

/** An answer that breaks the schema. `field` is its path, as in `data[3].slot`; empty for the answer itself. */
export function schemaError(endpoint: string, field: string, expectation: string): BeaconNodeError {
  return new BeaconNodeError('schema', `${endpoint}: ${field === '' ? 'answer' : field}: ${expectation}`);
}

/** An HTTP status that is no success, with what the node says about it in its JSON `message`. */
export function httpError(endpoint: string, status: number, body: string | undefined): BeaconNodeError {
  const said = nodeMessage(body);
  return new BeaconNodeError('http', `${endpoint}: HTTP ${status}${said === '' ? '' : `: ${said}`}`, status);
}

export function abortedError(endpoint: string): BeaconNodeError {
  return new BeaconNodeError('aborted', `${endpoint}: given up by the caller`);
}

export function timeoutError(endpoint: string, budgetMs: number): BeaconNodeError {
  return new BeaconNodeError('timeout', `${endpoint}: no complete answer within ${Math.round(budgetMs)} ms`);
}

export function tooLargeError(endpoint: string, maxBytes: number): BeaconNodeError {
  return schemaError(endpoint, '', `larger than ${maxBytes} bytes`);
}

/** Whatever the HTTP library threw, as the one error of the port. */
export function transportError(endpoint: string, thrown: unknown): BeaconNodeError {
  if (thrown instanceof BeaconNodeError) return thrown;
  const cause = innermost(thrown);
  const reason = cause.message === '' ? (cause.code ?? cause.name) : cause.message;
  const message = `${endpoint}: ${printable(reason)}`;
  const options = { cause: thrown };
  if (cause.code === 'UND_ERR_DESTROYED' || cause.code === 'UND_ERR_CLOSED') {
    return new BeaconNodeError('aborted', message, undefined, options);
  }
  // Something answers there, but does not speak HTTP.
  if (cause.name === 'HTTPParserError') {
    return new BeaconNodeError('schema', message, undefined, options);
  }
  return new BeaconNodeError('unreachable', message, undefined, options);
}

export interface TransportCause {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
}

/** The reason at the bottom: `fetch` wraps its reason once, an attempt at several addresses (::1, 127.0.0.1) wraps one reason for each. */
export function innermost(thrown: unknown): TransportCause {
  let error = thrown;
  for (let depth = 0; depth < 5; depth++) {
    if (error instanceof AggregateError && error.errors.length > 0) error = error.errors[0];
    else if (error instanceof Error && error.cause instanceof Error) error = error.cause;
    else break;
  }
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), code: undefined };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { name: error.name, message: error.message, code };
}

function nodeMessage(body: string | undefined): string {
  if (body === undefined) return '';
  try {
    const message = readObject(JSON.parse(body))?.['message'];
    return typeof message === 'string' ? printable(message) : '';
  } catch {
    return '';
  }
}

/** A foreign text that may stand in a log line: no control characters (line breaks, terminal codes), not endless. */
export function printable(text: string): string {
  const short = text.slice(0, LONGEST_NODE_MESSAGE);
  return short.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, ' ').trim();
}
