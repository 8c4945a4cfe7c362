// Sends bytes as datagrams that the kernel is to cut (UDP_SEGMENT), in one call.
//
//   uncut.ts ADDRESS BYTES SEGMENT

import { openCalls } from '../../../orchestrator/datapath/wasm/calls.ts';
import { parseAddress } from '../../../orchestrator/net/address.ts';

const [address = '', bytes, segment] = process.argv.slice(2);
const calls = await openCalls();
/** AF_INET, SOCK_DGRAM; SOL_UDP, UDP_SEGMENT. */
const descriptor = calls.socket(2, 2, 0);
const size = Int32Array.of(Number(segment));
if (calls.setsockopt(descriptor, 17, 103, calls.address(size), 4) < 0) throw new Error(`UDP_SEGMENT: errno ${calls.errno()}`);
const peer = new Uint8Array(16);
new DataView(peer.buffer).setUint16(0, 2, true);
new DataView(peer.buffer).setUint16(2, 9999);
peer.set(parseAddress(address), 4);
if (calls.connect(descriptor, calls.address(peer), peer.length) < 0) throw new Error(`connect: errno ${calls.errno()}`);
const payload = new Uint8Array(Number(bytes)).fill(5);
if (calls.write(descriptor, calls.address(payload), payload.length) !== payload.length) throw new Error(`write: errno ${calls.errno()}`);
