/** What a node may say that nobody can use: none of it is the answer to anything. */

const HEAD = '{"slot":"1","block":"0x00","state":"0x00","epoch_transition":false}';

const ANSWERS: readonly ((right: string) => string)[] = [
  (right) => right.slice(0, right.length / 2),
  () => '<html><body><h1>502 Bad Gateway</h1></body></html>',
  () => '',
  () => 'null',
  () => '[]',
  () => '{}',
  () => '{"data":null}',
  () => '{"data":[{}]}',
  () => '{"data":{"data":"0x"},"result":{"number":-1}}',
  () => `{"data":${'['.repeat(20_000)}`,
  () => '{"__proto__":{"data":[]},"constructor":{"prototype":{"data":[]}}}',
  (right) => right.replaceAll(/"\d+"/g, '"-1"'),
  (right) => right.replaceAll(/"0x[0-9a-f]+"/g, '"0x"'),
  (right) => right.replaceAll(/"\d+"/g, '"99999999999999999999999999"'),
];

const EVENTS: readonly string[] = [
  'event: head\ndata: {"slot":\n\n',
  `event: head\ndata: ${HEAD}\n\n`,
  'event: head\ndata: null\n\n',
  'event: head\ndata\n\n',
  `event: head\ndata: ${'x'.repeat(100_000)}\n\n`,
  'event: error\ndata: out of memory\n\n',
  'retry: 0\nid: 1\n\n',
  '\u0000\u0001\ufffd\n\n',
];

/** A wrong answer in place of the right one; `lot` in [0, 1) chooses which. */
export function wrongAnswer(right: string, lot: number): string {
  return ANSWERS[Math.floor(lot * ANSWERS.length)]!(right);
}

/** What stands in the stream in place of a head event. */
export function wrongEvent(lot: number): string {
  return EVENTS[Math.floor(lot * EVENTS.length)]!;
}
