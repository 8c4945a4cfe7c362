// What the kernel of another node on this host leaves uncut, for it counts on devices that are not there, is taken as it is meant.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { makeNetns, networkSkip, shell } from '../../support/netns.ts';
import { openEnd } from './overlay-end.ts';

const skip = await networkSkip();
const own = { underlay: '172.30.9.1', pod: '10.2.0.5' } as const;
const other = { underlay: '172.30.9.2', pod: '10.2.0.9' } as const;

t.test('datagrams that were sent in one call arrive as one packet that says how long each is', { skip }, async (t) => {
  using sender = await makeNetns();
  shell(`ip link set lo up; ip link add under0 type veth peer name under0 netns ${sender.path}
    ip addr add ${own.underlay}/24 dev under0; ip link set under0 up`);
  sender.run(`ip link set lo up; ip addr add ${other.underlay}/24 dev under0; ip link set under0 up
    ip link add over0 type vxlan id 77 dstport 8472 local ${other.underlay} remote ${own.underlay} dev under0
    ip link set over0 mtu 1450 up; ip addr add ${other.pod}/24 dev over0; ip neigh add ${own.pod} lladdr 02:61:78:6e:00:01 dev over0`);
  const here = await openEnd(t, 8472, 8472);
  const words = [join(import.meta.dirname, 'uncut.ts'), own.pod, '12000', '1200'];
  const { status, stderr } = spawnSync('nsenter', [`--net=${sender.path}`, process.execPath, ...words], { encoding: 'utf8' });
  t.equal(status, 0, stderr);
  // A new device introduces itself over IPv6.
  const isOurs = ({ bytes }: { bytes: Uint8Array }) => (bytes[0] as number) >> 4 === 4;
  for (let wanted = 1; wanted < 20 && !here.taken.some(isOurs); wanted += 1) await here.receive(wanted);
  const [first, ...others] = here.taken.filter(isOurs);
  t.match(first, { segment: 1200, identity: 77 });
  t.same(first?.bytes.subarray(28), new Uint8Array(12_000).fill(5));
  t.same(others, []);
});
