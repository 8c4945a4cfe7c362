// Flood: a process in a pod that sends datagrams as fast as it can, or so many a second.
//
//   flood.ts BYTES ADDRESS [RATE]   says "ready"; at the end of standard input how many it has sent

import { openCalls } from '../../../orchestrator/datapath/wasm/calls.ts';
import { parseAddress } from '../../../orchestrator/net/address.ts';

const [bytes, address = '', rate] = process.argv.slice(2);
const calls = await openCalls();
/** AF_INET, SOCK_DGRAM | SOCK_NONBLOCK. */
const descriptor = calls.socket(2, 2 | 0x800, 0);
const peer = new Uint8Array(16);
new DataView(peer.buffer).setUint16(0, 2, true);
new DataView(peer.buffer).setUint16(2, 9999);
peer.set(parseAddress(address), 4);
if (calls.connect(descriptor, calls.address(peer), peer.length) < 0) throw new Error(`connect: ${calls.errno()}`);
// SO_SNDBUFFORCE: a device's queue is to be full, not the socket's.
calls.setsockopt(descriptor, 1, 32, calls.address(Int32Array.of(256 << 20)), 4);
const payload = new Uint8Array(Number(bytes));
const at = calls.address(payload);

let sent = 0;
const started = performance.now();
const burst = () => {
  const due = rate === undefined ? sent + 512 : Math.floor(((performance.now() - started) / 1000) * Number(rate));
  // A port that nobody listens on is told of now and then; the datagram was sent all the same.
  for (; sent < due; sent += 1) calls.write(descriptor, at, payload.length);
  if (rate === undefined) setImmediate(burst);
};
if (rate === undefined) burst();
else setInterval(burst, 2);
process.stdout.write('ready\n');
process.stdin.resume().once('end', () => process.stdout.write(`${sent}\n`, () => process.exit(0)));
