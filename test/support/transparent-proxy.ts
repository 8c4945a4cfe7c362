// Transparent proxy: what listens where a node's redirects lead, in place of the real one. It answers datagrams and connections in the name of
// the server that they were sent to, and says which that was: "proxy ADDRESS:PORT" and the bytes that came.
//
//   transparent-proxy.ts PORT   UDP and TCP, both families; says "ready", and goes on until its standard input ends

import { createServer, type Socket } from 'node:net';
import { MARK_KIND_PROXY_ANSWER } from '../../orchestrator/datapath/generated/enums.ts';
import { loadKoffi, openLibc } from '../../orchestrator/datapath/kernel/libc.ts';
import { formatAddress } from '../../orchestrator/net/address.ts';
import { buildPacket } from '../../orchestrator/net/packet.ts';

const koffi = await loadKoffi();
const libc = await openLibc();
const library = koffi.load('libc.so.6');
const [receiveMessage, sendTo, listen] = [
  library.func('long recvmsg(int, uintptr_t, int)'),
  library.func('long sendto(int, uintptr_t, size_t, int, uintptr_t, uint)'),
  library.func('int listen(int, int)'),
];
const [inet, inet6] = [2, 10];
/** Both do not wait. */
const [stream, datagram, raw] = [0x801, 0x802, 0x803];
/** IP_TRANSPARENT and IP_RECVORIGDSTADDR by level, the same for IPv6, IPV6_V6ONLY; SO_REUSEADDR, SO_MARK. */
const options = {
  [inet]: { transparent: [0, 19], told: [0, 20] },
  [inet6]: { transparent: [41, 75], told: [41, 74] },
} as const;
const [onlyIpv6, reuse, mark] = [
  [41, 26],
  [1, 2],
  [1, 36],
] as const;
type Family = keyof typeof options;
/** Bytes of a datagram that go back: no link cuts that. */
const mostAnswered = 1000;

function open(
  family: Family,
  kind: number,
  protocol: number,
  wanted: readonly (readonly [option: readonly [number, number], value: number])[],
) {
  const descriptor = libc.socket(family, kind, protocol);
  if (descriptor < 0) throw new Error(`socket: ${descriptor}`);
  for (const [[level, name], value] of wanted) {
    const bytes = Int32Array.of(value);
    const result = libc.setsockopt(descriptor, level, name, libc.address(bytes), 4);
    if (result < 0) throw new Error(`option ${level}/${name}: ${result}`);
  }
  return descriptor;
}

function bindTo(descriptor: number, family: Family, port: number): void {
  const address = new Uint8Array(28);
  new DataView(address.buffer).setUint16(0, family, true);
  new DataView(address.buffer).setUint16(2, port);
  const result = libc.bind(descriptor, libc.address(address), family === inet ? 16 : 28);
  if (result < 0) throw new Error(`bind ${port}: ${result}`);
}

function place(bytes: Uint8Array): { address: string; port: number } {
  const isIpv4 = bytes[0] === inet;
  return {
    address: formatAddress(isIpv4 ? bytes.slice(4, 8) : bytes.slice(8, 24)),
    port: ((bytes[2] as number) << 8) | (bytes[3] as number),
  };
}

const text = ({ address, port }: { address: string; port: number }) => `${address.includes(':') ? `[${address}]` : address}:${port}`;

/** struct msghdr with one buffer, and what it points at. */
function makeInbox() {
  const parts = { name: new Uint8Array(128), data: new Uint8Array(65536), control: new Uint8Array(256) };
  const vector = BigUint64Array.of(BigInt(libc.address(parts.data)), BigInt(parts.data.length));
  const header = new BigUint64Array(7);
  return {
    ...parts,
    header,
    vector,
    ready() {
      header.set(
        [parts.name, vector, parts.control]
          .map((part) => BigInt(libc.address(part)))
          .flatMap((at, index) => [at, [128n, 1n, 256n][index]!]),
      );
      header[6] = 0n;
      return libc.address(header);
    },
  };
}

function serveDatagrams(family: Family, port: number): void {
  const { transparent, told } = options[family];
  const only = family === inet6 ? ([[onlyIpv6, 1]] as const) : [];
  const socket = open(family, datagram, 0, [[transparent, 1], [told, 1], ...only]);
  bindTo(socket, family, port);
  // IPPROTO_RAW: with headers of our own.
  const way = open(family, raw, 255, [[mark, MARK_KIND_PROXY_ANSWER]]);
  const inbox = makeInbox();
  setInterval(() => {
    for (;;) {
      const length = Number(receiveMessage(socket, inbox.ready(), 0));
      if (length < 0) return;
      const [server, client] = [place(inbox.control.subarray(16)), place(inbox.name)];
      const payload = Buffer.concat([Buffer.from(`proxy ${text(server)} `), inbox.data.subarray(0, Math.min(length, mostAnswered))]);
      const answer = buildPacket({
        source: server.address,
        destination: client.address,
        transport: { protocol: 'udp', sourcePort: server.port, destinationPort: client.port, payload },
      });
      // The port of a raw socket's peer must be none in IPv6.
      inbox.name.fill(0, 2, 4);
      sendTo(way, libc.address(answer), answer.length, 0, libc.address(inbox.name), family === inet ? 16 : 28);
    }
  }, 2);
}

function serveConnections(family: Family, port: number): void {
  const only = family === inet6 ? ([[onlyIpv6, 1]] as const) : [];
  const socket = open(family, stream, 0, [[reuse, 1], [options[family].transparent, 1], [mark, MARK_KIND_PROXY_ANSWER], ...only]);
  bindTo(socket, family, port);
  if (listen(socket, 128) < 0) throw new Error(`listen ${port}`);
  const server = createServer({ allowHalfOpen: true }, (connection: Socket) => {
    connection.on('error', () => connection.destroy());
    connection.write(`proxy ${text({ address: connection.localAddress ?? '', port: connection.localPort ?? 0 })}\n`);
    connection.pipe(connection);
  });
  server.listen({ fd: socket });
}

const port = Number(process.argv[2]);
for (const family of [inet, inet6] as const) {
  serveDatagrams(family, port);
  serveConnections(family, port);
}
process.stdin.on('end', () => process.exit()).resume();
console.log('ready');
