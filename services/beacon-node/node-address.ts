/** Where a beacon node is, with its credentials kept apart from everything that is shown. */
export interface NodeAddress {
  /** For people and logs: no credentials, no query, no trailing slash. */
  readonly shown: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path before `/eth/…`, without a trailing slash; often empty. */
  readonly pathPrefix: string;
  /** Query that every request repeats (some providers keep an access key there), without the `?`; often empty. */
  readonly query: string;
  /** Value of the Authorization header, where the address has credentials. */
  readonly authorization: string | undefined;
}

/**
 * Reads the address of a beacon node, `http(s)://[user:password@]host[:port][/prefix][?query]`.
 * Throws a `TypeError` that repeats nothing of the text, since it may hold a password.
 */
export function parseNodeAddress(text: string): NodeAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new TypeError('a beacon node address must be a full URL such as http://127.0.0.1:5052');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError('a beacon node address must begin with http:// or https://');
  }
  const pathPrefix = url.pathname.replace(/\/+$/, '');
  return {
    shown: url.origin + pathPrefix,
    origin: url.origin,
    pathPrefix,
    query: url.search.slice(1),
    authorization: basicAuthorization(url),
  };
}

/** Path and query of a request to the node. */
export function requestTarget(address: NodeAddress, path: string, query: string | undefined): string {
  const queries = [query, address.query].filter((part) => part !== undefined && part !== '');
  return address.pathPrefix + path + (queries.length > 0 ? `?${queries.join('&')}` : '');
}

// RFC 7617. The URL parser keeps credentials percent-encoded; the header wants them plain.
function basicAuthorization(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const credentials = `${percentDecoded(url.username)}:${percentDecoded(url.password)}`;
  return `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
