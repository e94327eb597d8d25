import type { FuzzTarget } from './fuzz-target.js';
import { BEACON_ANSWERS } from './targets/beacon-answers.js';
import { CONTRACT_LOGS, STORE_RECORDS } from './targets/contract.js';
import { EXECUTION_ANSWERS } from './targets/execution-answers.js';
import { HEAD_STREAM } from './targets/head-stream.js';
import { HTTP_REQUESTS } from './targets/http-requests.js';
import { CHAIN_IDENTITY, JOURNAL_LINES, JOURNAL_SEGMENTS } from './targets/journal.js';
import { HOST_AND_ORIGIN, VIEWER_MESSAGES } from './targets/onlookers.js';
import { LARGE_ANSWERS } from './targets/large-answers.js';
import { JOURNAL_REPLAY } from './targets/journal-replay.js';
import { FLAGS, VALIDATORS_FILE } from './targets/operator.js';

/** Every parser of foreign bytes. */
export const TARGETS: readonly FuzzTarget[] = [
  ...BEACON_ANSWERS,
  HEAD_STREAM,
  EXECUTION_ANSWERS,
  LARGE_ANSWERS,
  CONTRACT_LOGS,
  STORE_RECORDS,
  JOURNAL_LINES,
  JOURNAL_SEGMENTS,
  JOURNAL_REPLAY,
  CHAIN_IDENTITY,
  FLAGS,
  VALIDATORS_FILE,
  HTTP_REQUESTS,
  HOST_AND_ORIGIN,
  VIEWER_MESSAGES,
];
