// Host hook: whose a packet of the host's own stack is, and which pod one is for, of packets that end anywhere.
import t from 'tap';
import { ENDPOINT_HOST, HINT_ENDPOINT, HOOK_FROM_NETWORK, HOOK_FROM_POD } from '../../../orchestrator/datapath/generated/enums.ts';
import { endpointsSpec, epochsSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { buildPacket } from '../../../orchestrator/net/packet.ts';
import { addressWords } from '../../../orchestrator/net/words.ts';
import { addressSlot } from '../../support/address-slot.ts';
import { type Machine, place, updateMap, VIRTIO } from './machine.ts';
import { addresses, CLIENT, SERVER, startWorld } from './world.ts';

const hosts = { ipv4: '10.0.0.1', ipv6: 'fd00::1' } as const;
const strangers = { ipv4: '198.51.100.7', ipv6: '2001:db8::7' } as const;
/** The shortest that names both addresses. */
const headers = { ipv4: 20, ipv6: 40 } as const;
const families = ['ipv4', 'ipv6'] as const;

function startNode(): Machine {
  const machine = startWorld();
  for (const address of Object.values(hosts)) {
    const host = { port: 0, id: 1, identity: 1, policySet: 0, flags: ENDPOINT_HOST, mac: 0n, gatewayMac: 0n };
    updateMap(machine, endpointsSpec, addressWords(address), host);
    updateMap(machine, epochsSpec, addressSlot(address), { epoch: 1, hints: HINT_ENDPOINT });
  }
  return machine;
}

function packet(source: string, destination: string): Uint8Array {
  return buildPacket({ source, destination, transport: { protocol: 'udp', sourcePort: 53, destinationPort: 40000, payload: 'answer' } });
}

t.test('a packet is for the pod that it is addressed to, and for none when that is the host or nobody here', async (t) => {
  const machine = startNode();
  const portOf = (bytes: Uint8Array) => machine.call.podPort!(place(machine, bytes), bytes.length + VIRTIO);
  for (const family of families) {
    const { [CLIENT]: client, [SERVER]: server } = addresses[family];
    const stranger = strangers[family];
    t.same(
      [client, server, hosts[family], stranger].map((to) => portOf(packet(stranger, to))),
      [CLIENT, SERVER, 0, 0],
      family,
    );
    t.equal(portOf(packet(client, stranger)), 0, `${family}: its sender is nothing to it`);
  }
});

t.test('a packet comes from the host when its sender is the host, else from the network', async (t) => {
  const machine = startNode();
  const hookOf = (bytes: Uint8Array) => machine.call.hostHook!(place(machine, bytes), bytes.length + VIRTIO);
  for (const family of families) {
    const { [CLIENT]: client } = addresses[family];
    const expected = [HOOK_FROM_POD, HOOK_FROM_NETWORK, HOOK_FROM_NETWORK];
    t.same(
      [hosts[family], client, strangers[family]].map((from) => hookOf(packet(from, client))),
      expected,
      family,
    );
    t.equal(hookOf(packet(client, hosts[family])), HOOK_FROM_NETWORK, `${family}: its receiver is nothing to it`);
  }
});

t.test('a packet that ends before its addresses do, or is none, is for nobody and from nobody', async (t) => {
  const machine = startNode();
  for (const family of families) {
    const whole = packet(hosts[family], addresses[family][CLIENT]);
    for (let length = 0; length < headers[family]; length += 1) {
      const at = place(machine, whole.subarray(0, length));
      t.equal(machine.call.podPort!(at, length + VIRTIO), 0, `${family}: ${length} bytes`);
      t.equal(machine.call.hostHook!(at, length + VIRTIO), HOOK_FROM_NETWORK, `${family}: ${length} bytes`);
    }
    for (let length = 0; length < VIRTIO; length += 1) t.equal(machine.call.podPort!(machine.bytes.length - length, length), 0);
    const noise = whole.slice();
    noise[0] = 0x50;
    t.equal(machine.call.podPort!(place(machine, noise), noise.length + VIRTIO), 0, `${family}: another version of IP`);
  }
});
