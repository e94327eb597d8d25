import { logOf, publicKeyOf } from '../../services/ssv-contract/contract-log-maker.js';

/** All numbers of blocks are of one length in hex. */
export const FIRST_BLOCK = 0x1000000;
export const EVENTS_PER_BLOCK = 4;
export const CONTRACT = `0x${'c0'.repeat(20)}`;
const CLUSTERS = 2000;
const FIRST_LOG_INDEX = 0x100;

/** Where in the bytes of a log something of its own stands, and in how many hex digits. */
interface Place {
  readonly at: number;
  readonly digits: number;
}

/** What stands where logs differ. */
const MARKS = {
  owner: '1'.repeat(40),
  publicKey: publicKeyOf(0xabcdef).slice(2),
  blockHash: '2'.repeat(64),
  transactionHash: '3'.repeat(64),
  blockNumber: '4444444',
  blockTimestamp: '55555555',
  logIndex: '777',
};
const TEMPLATE = templateOf();
const PLACES = Object.fromEntries(
  Object.entries(MARKS).map(([name, mark]) => [name, { at: TEMPLATE.indexOf(mark), digits: mark.length }]),
) as Readonly<Record<keyof typeof MARKS, Place>>;

/** An answer of `eth_getLogs`: so many `ValidatorAdded` in each block, each of a key of its own, of some 2000 clusters. */
export function logAnswer(id: number, fromBlock: number, toBlock: number): Buffer {
  const head = Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":[`);
  const count = (toBlock - fromBlock + 1) * EVENTS_PER_BLOCK;
  const answer = Buffer.alloc(head.length + count * TEMPLATE.length + 1);
  head.copy(answer);
  for (let i = 0; i < count; i++) {
    const log = answer.subarray(head.length + i * TEMPLATE.length);
    const block = fromBlock + Math.floor(i / EVENTS_PER_BLOCK);
    const number = (fromBlock - FIRST_BLOCK) * EVENTS_PER_BLOCK + i;
    TEMPLATE.copy(log);
    writeHex(log, PLACES.owner, number % CLUSTERS);
    writeHex(log, PLACES.publicKey, number + 1);
    writeHex(log, PLACES.blockHash, block);
    writeHex(log, PLACES.transactionHash, number);
    writeHex(log, PLACES.blockNumber, block);
    writeHex(log, PLACES.blockTimestamp, timestampOf(block));
    writeHex(log, PLACES.logIndex, FIRST_LOG_INDEX + (i % EVENTS_PER_BLOCK));
  }
  // In place of the last comma.
  answer.write(']}', answer.length - 2);
  return answer;
}

export function blockHashOf(block: number): string {
  return `0x${block.toString(16).padStart(64, '0')}`;
}

/** Unix seconds. */
export function timestampOf(block: number): number {
  return 0x60000000 + (block - FIRST_BLOCK) * 12;
}

/** A `ValidatorAdded` as a node writes it, a comma after it. */
function templateOf(): Buffer {
  const { topics, data } = logOf('ValidatorAdded', { owner: `0x${MARKS.owner}`, publicKey: `0x${MARKS.publicKey}` });
  const text = JSON.stringify({
    address: CONTRACT,
    topics,
    data,
    blockNumber: `0x${MARKS.blockNumber}`,
    transactionHash: `0x${MARKS.transactionHash}`,
    transactionIndex: '0x0',
    blockHash: `0x${MARKS.blockHash}`,
    blockTimestamp: `0x${MARKS.blockTimestamp}`,
    logIndex: `0x${MARKS.logIndex}`,
    removed: false,
  });
  return Buffer.from(`${text},`);
}

function writeHex(log: Buffer, { at, digits }: Place, value: number): void {
  let rest = value;
  for (let place = at + digits - 1; place >= at; place--) {
    const digit = rest % 16;
    log[place] = digit + (digit < 10 ? 48 : 87);
    rest = (rest - digit) / 16;
  }
}
