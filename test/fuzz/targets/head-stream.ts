import type { Dispatcher } from 'undici';
import { BeaconNodeError, type HeadEvent } from '../../../machines/ports.js';
import { openHeadStream } from '../../../services/beacon-node/head-stream.js';
import { parseNodeAddress } from '../../../services/beacon-node/node-address.js';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import { headEventData, ROOT_B } from '../../services/beacon-node/wire-bodies.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { AnsweringDispatcher } from './answering-dispatcher.js';
import { recordedEvents } from './recorded.js';

const HEAD = `event: head\ndata: ${JSON.stringify(headEventData(23))}\n\n`;
/** Said after every input, with an empty line before it: it must be heard, whatever came before. */
const GOOD_SLOT = 4_000_000_000;
const GOOD = `\n\nevent: head\ndata: ${JSON.stringify({ ...headEventData(GOOD_SLOT), block: ROOT_B })}\n\n`;

/** The event stream: whatever comes, it is heads and malformed events, and the good head after it is heard. */
export const HEAD_STREAM: FuzzTarget = {
  name: 'head-stream',
  samples: () => [HEAD, `: alive\n\n${HEAD}retry: 5\nid: 7\n\n${HEAD.replaceAll('\n', '\r\n')}`, ...recordedEvents()],
  open() {
    const dispatcher = new StreamingDispatcher();
    const source = { address: parseNodeAddress('http://node.test'), clock: new VirtualClock(0), dispatcher };
    const life = new AbortController();
    let events = 0;
    let done: (events: number) => void = () => undefined;
    let failed: (error: Error) => void = () => undefined;
    const take = (isFit: boolean, what: string) => {
      events++;
      if (!isFit) failed(new TypeError(what));
    };
    const opened = new Promise<void>((resolve) => {
      openHeadStream(
        source,
        {
          opened: resolve,
          alive: () => undefined,
          head: (head) => {
            if (head.slot === GOOD_SLOT && head.block === ROOT_B) return done(events);
            take(isHead(head), `the head ${JSON.stringify(head)}`);
          },
          malformed: (error) => take(error instanceof BeaconNodeError, String(error)),
          closed: (error) => failed(new TypeError(`the stream is closed: ${error.message}`)),
        },
        life.signal,
      );
    });
    const feed = (input: Buffer) =>
      new Promise<number>((resolve, reject) => {
        events = 0;
        [done, failed] = [resolve, reject];
        // In two pieces, so that something is cut somewhere.
        const half = input.length >> 1;
        dispatcher.send(input.subarray(0, half));
        dispatcher.send(input.subarray(half));
        dispatcher.send(Buffer.from(GOOD));
      });
    const close = () => Promise.resolve(life.abort());
    return opened.then(() => ({ feed, close }));
  },
};

/** One answer without an end. */
class StreamingDispatcher extends AnsweringDispatcher {
  #handler: Dispatcher.DispatchHandler = {};

  override dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const headers = ['content-type', 'text/event-stream'].map((text) => Buffer.from(text));
    this.#handler = handler;
    handler.onConnect?.(() => undefined);
    handler.onHeaders?.(200, headers, () => undefined, '');
    return true;
  }

  send(bytes: Buffer): void {
    if (bytes.length > 0) this.#handler.onData?.(bytes);
  }
}

function isHead({ slot, block, previousDutyDependentRoot, currentDutyDependentRoot, ...flags }: HeadEvent): boolean {
  const roots = [block, previousDutyDependentRoot, currentDutyDependentRoot];
  if (!Number.isSafeInteger(slot) || slot < 0 || !roots.every((root) => /^0x[0-9a-f]{64}$/.test(root))) return false;
  return Object.values(flags).every((flag) => typeof flag === 'boolean');
}
