// A network namespace and a mount namespace of this process's own: what a test makes in them is gone when its process ends, however
// it ends. They belong to the main thread; child processes that it starts inherit them.

import { errnoText } from '../../orchestrator/datapath/kernel/errno.ts';
import { openLibc } from '../../orchestrator/datapath/kernel/libc.ts';
import { attribute, joined, Netlink, netlinkFlag } from '../../orchestrator/datapath/kernel/netlink.ts';

const [newNetwork, newMounts] = [0x40000000, 0x00020000];
/** MS_REC | MS_PRIVATE. */
const privateBelow = 0x4000 | 0x40000;
const [newLink, deleteLink, setLink] = [16, 17, 19];
const interfaceUp = 1;

/** Leaves the host's namespaces; throws when that is not permitted. */
export async function enterOwnNamespaces(): Promise<void> {
  const libc = await openLibc();
  const result = libc.syscall('unshare', newNetwork | newMounts);
  if (result < 0) throw new Error(`own namespaces: ${errnoText(result)}`);
  libc.mount('none', '/', '', privateBelow, null);
}

/** Added to an interface's index for its other end. */
const otherEnd = 100000;

/** A veth pair, both ends up: the one with the index and name wanted, and its other end in the same namespace, `NAME-peer`. */
export async function addInterface(index: number, name: string): Promise<void> {
  using netlink = new Netlink(await openLibc());
  const peer = attribute(1, joined(link(index + otherEnd, 0), attribute(3, `${name}-peer`)));
  const kind = attribute(18, joined(attribute(1, 'veth'), attribute(2, peer)));
  const added = netlink.request(newLink, netlinkFlag.create | netlinkFlag.exclusive, joined(link(index, 0), attribute(3, name), kind));
  if (added < 0) throw new Error(`interface ${name}: ${errnoText(added)}`);
  for (const end of [index, index + otherEnd]) {
    const raised = netlink.request(setLink, 0, link(end, interfaceUp));
    if (raised < 0) throw new Error(`interface ${name}: up: ${errnoText(raised)}`);
  }
}

export async function removeInterface(index: number): Promise<void> {
  using netlink = new Netlink(await openLibc());
  netlink.request(deleteLink, 0, link(index, 0));
}

/** Puts a frame on the wire at the other end of an interface, so that the interface receives it. */
export async function sendTo(index: number, frame: Uint8Array): Promise<void> {
  const libc = await openLibc();
  const [packetFamily, rawSocket] = [17, 3];
  const descriptor = libc.socket(packetFamily, rawSocket, 0);
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, packetFamily, true);
  view.setInt32(4, index + otherEnd, true);
  libc.bind(descriptor, libc.address(address), address.length);
  const sent = libc.send(descriptor, libc.address(frame), frame.length);
  libc.close(descriptor);
  if (sent !== frame.length) throw new Error(`interface ${index}: send: ${errnoText(sent)}`);
}

/** struct ifinfomsg. */
function link(index: number, flags: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setInt32(4, index, true);
  view.setUint32(8, flags, true);
  view.setUint32(12, flags, true);
  return bytes;
}
