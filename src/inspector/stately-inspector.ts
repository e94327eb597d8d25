import type { InspectionEvent } from 'xstate';
import type { Diagnostic } from '../../machines/rules/event-log.js';
import { Audience } from './audience.js';
import { InspectionFeed } from './inspection-feed.js';
import { InspectorError, loadInspectorPackage } from './inspector-package.js';
import { RelayLink } from './relay-link.js';
import { Relay } from './relay.js';
import { MessageMaker } from './message-maker.js';

/** Where {@link createStatelyInspector} shows the actors. */
export interface StatelyInspectorOptions {
  /** A relay that runs already, `ws://` or `wss://`; without it, one is started. */
  readonly relay?: string;
  /** Port of the relay that is started, on 127.0.0.1; 0: any free one. Default {@link DEFAULT_INSPECTOR_PORT}. */
  readonly port?: number;
  /** Told of connections that fail, and of viewers that are too slow. Default: nobody. */
  readonly onDiagnostic?: (diagnostic: Diagnostic) => void;
}

/** A connection to the Stately inspector. */
export interface StatelyInspector {
  /** The observer to pass as `inspect` to `createDutyScheduler`, or to any `createActor`. */
  readonly inspect: (event: InspectionEvent) => void;
  /** Address of the relay's page, to open in a browser; undefined for a relay that runs elsewhere. */
  readonly url: string | undefined;
  /** Ends every connection and the relay. */
  stop(): Promise<void>;
}

export const DEFAULT_INSPECTOR_PORT = 8646;

/**
 * Shows actors in the Stately inspector: starts a relay on 127.0.0.1, or sends to one that runs. Needs the optional peer
 * `@statelyai/inspect`. Nobody who looks delays the actors, and nothing of it keeps the process open. Rejects with an
 * `InspectorError` when the package is missing, the port is taken, or `relay` is no WebSocket address.
 *
 * ```js
 * const inspector = await createStatelyInspector();
 * const scheduler = createDutyScheduler({ beaconNode, validators, executors, inspect: inspector.inspect });
 * console.log(`open ${inspector.url}`);
 * ```
 */
export async function createStatelyInspector(options: StatelyInspectorOptions = {}): Promise<StatelyInspector> {
  const { relay: address, port = DEFAULT_INSPECTOR_PORT, onDiagnostic = () => undefined } = options;
  if (address !== undefined) checkRelayAddress(address);
  const audience = new Audience();
  const feed = new InspectionFeed(new MessageMaker(await loadInspectorPackage()), audience);
  if (address !== undefined) {
    const link = new RelayLink({ url: address, audience, feed, onDiagnostic });
    return {
      inspect: feed.inspect,
      url: undefined,
      stop() {
        link.close();
        audience.close();
        return Promise.resolve();
      },
    };
  }
  const relay = await Relay.open({ port, audience, feed, onDiagnostic });
  return {
    inspect: feed.inspect,
    url: relay.url,
    async stop() {
      audience.close();
      await relay.close();
    },
  };
}

/** Throws an {@link InspectorError} for what is no WebSocket address; repeats nothing of it, since it may hold a password. */
export function checkRelayAddress(address: string): void {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined) throw new InspectorError('the relay has no valid address, such as ws://127.0.0.1:8646');
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:')
    throw new InspectorError('the address of a relay begins with ws:// or wss://');
  if (url.hash !== '') throw new InspectorError("the address of a relay has no part behind a '#'");
}
