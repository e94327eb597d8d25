import { Dispatcher } from 'undici';

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** Answers requests with bytes of the test's choice, without a socket. */
export class AnsweringDispatcher extends Dispatcher {
  answer: (path: string) => Answer = () => ({ status: 500, body: Buffer.alloc(0) });

  override request(options: Dispatcher.RequestOptions): Promise<never> {
    const { status, body } = this.answer(options.path);
    const answer = { statusCode: status, headers: {}, trailers: {}, context: {}, opaque: undefined, body: [body] };
    // The client reads status, headers and body, the latter piece by piece; the rest of the type is of no use here.
    return Promise.resolve(answer as never);
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  override destroy(): Promise<void> {
    return Promise.resolve();
  }
}
