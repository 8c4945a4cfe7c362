// Rewrite of ICMP errors: the quotation becomes the packet that the receiver sent, and the error's own addresses follow.
import t from 'tap';
import {
  REWRITE_EMBEDDED as EMBEDDED,
  REWRITE_OUTER_DESTINATION as OUTER_DESTINATION,
  REWRITE_OUTER_SOURCE as OUTER_SOURCE,
} from '../../../orchestrator/datapath/generated/enums.ts';
import { buildPacket, type Packet } from '../../../orchestrator/net/packet.ts';
import type { Transport } from '../../../orchestrator/net/transport.ts';
import { startMachine } from './machine.ts';
import { type Change, changed, hex, rewriteBytes } from './rewritten.ts';

const machine = startMachine();
const ends = { sourcePort: 40000, destinationPort: 8080 };
const quotations: Readonly<Record<string, { transport: Transport; keep?: number }>> = {
  tcp: { transport: { protocol: 'tcp', ...ends, payload: 'quoted' } },
  'tcp up to its checksum': { transport: { protocol: 'tcp', ...ends }, keep: 18 },
  'tcp short of its checksum': { transport: { protocol: 'tcp', ...ends }, keep: 16 },
  '8 bytes of tcp': { transport: { protocol: 'tcp', ...ends }, keep: 8 },
  udp: { transport: { protocol: 'udp', ...ends, payload: 'quoted' } },
  'udp without a checksum': { transport: { protocol: 'udp', ...ends, checksum: 0, payload: 'quoted' } },
  '8 bytes of sctp': { transport: { protocol: 'sctp', ...ends }, keep: 8 },
};
const families = {
  ipv4: { client: '10.0.0.1', backend: '10.0.0.2', frontend: '10.96.0.10', router: '10.9.9.9' },
  ipv6: { client: 'fd00::1', backend: 'fd00::2', frontend: 'fd00:96::10', router: 'fd09::9' },
} as const;
type Family = keyof typeof families;

function quote(family: Family, packet: Packet, keep: number | undefined): Uint8Array {
  const bytes = buildPacket(packet);
  return keep === undefined ? bytes : bytes.subarray(0, (family === 'ipv4' ? 20 : 40) + keep);
}

function error(family: Family, source: string, destination: string, quoted: Uint8Array): Packet {
  const message =
    family === 'ipv4' ? ({ protocol: 'icmp', type: 3, code: 3 } as const) : ({ protocol: 'icmpv6', type: 1, code: 4 } as const);
  return { source, destination, transport: { ...message, payload: quoted } };
}

for (const family of Object.keys(families) as Family[]) {
  const { client, backend, frontend, router } = families[family];
  const toFrontend: Change = { destination: { address: frontend, port: 80 } };
  const toBackend: Change = { source: { address: backend, port: 8080 } };

  for (const [name, { transport, keep }] of Object.entries(quotations)) {
    const request = { source: client, destination: backend, transport };
    const restored = quote(family, changed(request, toFrontend), keep);

    t.test(`${family}: an error about ${name} that the client sent to a frontend`, async (t) => {
      const fromRouter = buildPacket(error(family, router, client, quote(family, request, keep)));
      const got = rewriteBytes(machine, fromRouter, { ...toFrontend, bits: EMBEDDED });
      t.equal(hex(got), hex(buildPacket(error(family, router, client, restored))), 'from a router');

      const fromBackend = buildPacket(error(family, backend, client, quote(family, request, keep)));
      const asFrontend = rewriteBytes(machine, fromBackend, { ...toFrontend, bits: EMBEDDED | OUTER_SOURCE });
      t.equal(
        hex(asFrontend),
        hex(buildPacket(error(family, frontend, client, restored))),
        'from the backend, which the client knows as the frontend',
      );
    });

    t.test(`${family}: an error about ${name} that the client got from a frontend`, async (t) => {
      const answer = { source: frontend, destination: client, transport };
      const received = buildPacket(error(family, client, frontend, quote(family, answer, keep)));
      const got = rewriteBytes(machine, received, { ...toBackend, bits: EMBEDDED | OUTER_DESTINATION });
      t.equal(hex(got), hex(buildPacket(error(family, client, backend, quote(family, changed(answer, toBackend), keep)))));
    });

    t.test(`${family}: an error about ${name} in a hairpin flow`, async (t) => {
      const both: Change = { source: { address: router, port: 40000 }, ...toFrontend, bits: EMBEDDED | OUTER_SOURCE | OUTER_DESTINATION };
      const received = buildPacket(error(family, backend, client, quote(family, request, keep)));
      const expected = error(family, frontend, router, quote(family, changed(request, both), keep));
      t.equal(hex(rewriteBytes(machine, received, both)), hex(buildPacket(expected)));
    });
  }

  t.test(`${family}: an error about an echo keeps its identifier`, async (t) => {
    const transport: Transport = {
      protocol: family === 'ipv4' ? 'icmp' : 'icmpv6',
      type: family === 'ipv4' ? 8 : 128,
      id: 5,
      payload: 'ping',
    };
    const request = { source: client, destination: backend, transport };
    const got = rewriteBytes(machine, buildPacket(error(family, router, client, quote(family, request, undefined))), {
      ...toFrontend,
      bits: EMBEDDED,
    });
    t.equal(hex(got), hex(buildPacket(error(family, router, client, quote(family, changed(request, toFrontend), undefined)))));
  });
}
