// All targets of the fuzzing, in the order they are tried.
import type { FuzzTarget } from './target.ts';
import { buffersTarget } from './targets/buffers.ts';
import { configTarget, yamlTarget } from './targets/config.ts';
import { forwardTarget } from './targets/forward.ts';
import { handshakeTarget } from './targets/handshake.ts';
import { httpTarget } from './targets/http.ts';
import { jsonTarget } from './targets/json.ts';
import { parsersTarget } from './targets/parsers.ts';
import { udpTarget } from './targets/udp.ts';
import { websocketTarget } from './targets/websocket.ts';

/** `patience`: how long an honest event may wait for its ack beside the mutants, and what one mutant may take in this process, ms. */
export function fuzzTargets(patience: number): readonly FuzzTarget[] {
  return [
    forwardTarget(patience),
    handshakeTarget(patience),
    jsonTarget(patience),
    udpTarget(patience),
    httpTarget(patience),
    websocketTarget(patience),
    buffersTarget(patience),
    configTarget(patience),
    yamlTarget(patience),
    parsersTarget(patience),
  ];
}
