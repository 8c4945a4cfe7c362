// A TUN device that is opened again takes packets from then on, not from when the kernel has got round to noticing.

import { closeSync } from 'node:fs';
import t from 'tap';
import { openCalls } from '../../../orchestrator/datapath/wasm/calls.ts';
import { openTun } from '../../../orchestrator/datapath/wasm/process/tun.ts';
import { networkSkip, shell } from '../../support/netns.ts';

t.setTimeout(60_000);
const skip = await networkSkip();
/** AF_INET, SOCK_DGRAM | SOCK_CLOEXEC; virtio-net, IP and UDP headers. */
const [ipv4, datagrams, headers] = [2, 0x80002, 12 + 20 + 8];
const rounds = 20;
const [major = 0, minor = 0] = shell('uname -r').split('.').map(Number);
const isOlder = (major < 6 || (major === 6 && minor < 8)) && 'kernels before 6.8 cannot be asked to notice at once';

t.test('what is sent as soon as a device is open again arrives', { skip: skip || isOlder }, async (t) => {
  const calls = await openCalls();
  const device = { name: 'again' };
  closeSync(openTun(calls, { ...device, make: true }));
  shell('ip link set again up; ip addr add 10.8.0.1/32 dev again; ip route add 10.8.0.2 dev again');
  const socket = calls.socket(ipv4, datagrams, 0);
  t.teardown(() => closeSync(socket));
  const to = Uint8Array.of(ipv4, 0, 0, 9, 10, 8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0);
  t.equal(calls.connect(socket, calls.address(to), to.length), 0);
  const packet = new Uint8Array(4096);
  const arrived: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Who asks for it has the kernel notice that nobody has it open.
    t.match(shell('ip link show again'), /NO-CARRIER.* state DOWN/);
    const descriptor = openTun(calls, device);
    calls.write(socket, calls.address(Uint8Array.of(round)), 1);
    // The kernel sends some of its own.
    for (let length = 1; length > 0; ) {
      length = calls.read(descriptor, calls.address(packet), packet.length);
      if (length === headers + 1 && packet[12] === 0x45) arrived.push(packet[headers] as number);
    }
    closeSync(descriptor);
  }
  t.same(
    arrived,
    Array.from({ length: rounds }, (_, round) => round),
  );
});
