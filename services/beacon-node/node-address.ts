/** Where a node is, with its credentials kept apart from everything that is shown. */
export interface NodeAddress {
  /** For people and logs: no credentials, no query, no trailing slash; of an execution node no path, where providers keep a key. */
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

/** Kinds of nodes, by what their addresses may be. */
const KINDS = {
  'beacon node': { protocols: ['http:', 'https:'], example: 'http://127.0.0.1:5052' },
  'execution node': { protocols: ['http:', 'https:', 'ws:', 'wss:'], example: 'http://127.0.0.1:8545' },
};

/**
 * Reads the address of a node, `http(s)://[user:password@]host[:port][/prefix][?query]`; that of an execution node may
 * be `ws(s)://` too. Throws a `TypeError` that repeats nothing of the text, since it may hold a password.
 */
export function parseNodeAddress(text: string, kind: keyof typeof KINDS = 'beacon node'): NodeAddress {
  const { protocols, example } = KINDS[kind];
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const article = kind === 'beacon node' ? 'a' : 'an';
  if (url === undefined) throw new TypeError(`${article} ${kind} address must be a full URL such as ${example}`);
  if (!protocols.includes(url.protocol)) {
    const begins = protocols
      .map((protocol) => `${protocol}//`)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1');
    throw new TypeError(`${article} ${kind} address must begin with ${begins}`);
  }
  const pathPrefix = url.pathname.replace(/\/+$/, '');
  // Not `url.origin`: that of a ws address has another meaning in browsers, and Node follows them.
  const origin = `${url.protocol}//${url.host}`;
  return {
    shown: origin + (kind === 'execution node' && pathPrefix !== '' ? '/…' : pathPrefix),
    origin,
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
