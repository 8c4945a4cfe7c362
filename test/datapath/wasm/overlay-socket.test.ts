// The overlay's socket, with real datagrams on this host's own addresses: what one worker sends, another receives.
import t from 'tap';
import { openOverlaySocket } from '../../../orchestrator/datapath/wasm/process/overlay-socket.ts';
import { buildPacket, type Packet } from '../../../orchestrator/net/packet.ts';
import { plain, segmented } from '../../datapath-as/overlay/tunnel.ts';
import { calls, openEnd } from './overlay-end.ts';

const stream = (length: number): Packet => ({
  source: '10.1.0.5',
  destination: '10.2.0.9',
  transport: { protocol: 'tcp', sourcePort: 1, destinationPort: 2, payload: new Uint8Array(length).map((_, at) => at * 7) },
  ipv4: { dontFragment: true },
});
const node = { ipv4: '127.0.0.1', ipv6: '::1' } as const;

for (const family of ['ipv4', 'ipv6'] as const) {
  t.test(`a packet and its sender's identity arrive over ${family}`, async (t) => {
    const [here, there] = [await openEnd(t, 18_472, 18_473), await openEnd(t, 18_473, 18_472)];
    t.ok(here.send(plain(stream(100)), node[family], 4_711));
    const [first] = await there.receive(1);
    t.same(first, { bytes: buildPacket(stream(100)), segment: 0, identity: 4_711 });
  });

  t.test(`a long piece of a stream arrives whole over ${family}, in far fewer packets than segments`, async (t) => {
    const [here, there] = [await openEnd(t, 18_474, 18_475), await openEnd(t, 18_475, 18_474)];
    t.ok(here.send(segmented(stream(60_000), 1_400), node[family], 1));
    const bytes = () => there.taken.reduce((sum, packet) => sum + packet.bytes.length - 40, 0);
    while (bytes() < 60_000 && (await there.receive(there.taken.length + 1)).length < 43);
    t.equal(bytes(), 60_000);
    t.ok(there.taken.length <= 4, `${there.taken.length} packets`);
    t.ok(there.taken.every(({ segment, bytes }) => segment === 1_400 || bytes.length <= 1_440));
  });
}

t.test('a packet that does not fit is not sent', async (t) => {
  const here = await openEnd(t, 18_476, 18_477, 1_000);
  t.notOk(here.send(plain(stream(961)), node.ipv4, 1));
  t.ok(here.send(plain(stream(960)), node.ipv4, 1));
});

t.test('datagrams that are none of the tunnel, and those of a length that only a liar sends, do no harm', async (t) => {
  const { createSocket } = await import('node:dgram');
  const [here, there] = [await openEnd(t, 18_478, 18_479), await openEnd(t, 18_479, 18_478)];
  const stranger = createSocket('udp4');
  t.teardown(() => stranger.close());
  for (const length of [0, 1, 7, 21, 22, 23, 60, 65_000]) stranger.send(new Uint8Array(length).fill(8), 18_479, node.ipv4);
  await new Promise((resolve) => stranger.send('last', 18_479, node.ipv4, resolve));
  t.ok(here.send(plain(stream(10)), node.ipv4, 3));
  t.equal((await there.receive(1))[0]?.identity, 3);
});

t.test('a taken port is refused with its number', async (t) => {
  const { createSocket } = await import('node:dgram');
  const other = createSocket('udp4');
  await new Promise<void>((resolve) => other.bind(18_480, '127.0.0.1', resolve));
  t.teardown(() => other.close());
  t.throws(() => openOverlaySocket(calls, 18_480), { code: 'OVERLAY_UNUSABLE', message: /UDP port 18480: bind: errno 98/ });
});
