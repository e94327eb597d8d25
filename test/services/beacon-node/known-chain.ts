import type { BeaconNode } from '../../../machines/ports.js';
import type { NodeServer, SeenRequest } from './node-server.js';
import { NO_SIGNAL } from './rejection.js';
import { ROOT_A, SPEC_DATA } from './wire-bodies.js';

/** Lets a node know a chain of 6 s slots, 8 per epoch; the server then forgets that it was asked. */
export async function learnSpec(node: BeaconNode, server: NodeServer): Promise<void> {
  server.json((request: SeenRequest) =>
    request.target === '/eth/v1/config/spec'
      ? { data: SPEC_DATA }
      : { data: { genesis_time: '1', genesis_validators_root: ROOT_A } },
  );
  await node.getChainSpec(NO_SIGNAL);
  server.requests.length = 0;
}
