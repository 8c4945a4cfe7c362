// TUN device: what a pod has in place of a pair where its packets go through WebAssembly. It is persistent, so it outlives whoever reads
// it; it lies in the pod's namespace, and its alias says whose it is.

import { closeSync, openSync } from 'node:fs';
import { errno, errnoText } from '../datapath/kernel/errno.ts';
import type { Libc } from '../datapath/kernel/libc.ts';
import { AgentError } from '../errors.ts';
import { canonicalAddress } from './attributes.ts';
import { changeLink, findLink, type Link, removeLink } from './links.ts';
import type { PodDevice } from './plan.ts';
import { allowIpv6, changesOf, loopback, type Workplace } from './pod-device.ts';
import { type Change, Session } from './session.ts';
import { familyOf, type Missing, missingOf, nothing, type Observed, observeLink, type Side } from './side.ts';

/** TUNSETIFF and TUNSETPERSIST. */
const [setInterface, setPersistent] = [0x400454ca, 0x400454cb];
/** IFF_TUN | IFF_NO_PI | IFF_VNET_HDR: as whoever reads it must ask for it too. */
const flags = 0x0001 | 0x1000 | 0x4000;
/** struct ifreq: a name of 16 bytes, then the flags. */
const [requestBytes, nameBytes] = [40, 16];

/** Makes a persistent device in the namespace that this thread is in; down. Throws DEVICE_UNUSABLE with the step. */
export function createTun(libc: Libc, name: string): void {
  const subject = `device ${name}`;
  const descriptor = openTun(subject);
  try {
    const request = new Uint8Array(requestBytes);
    request.set(new TextEncoder().encode(name).subarray(0, nameBytes - 1));
    new DataView(request.buffer).setUint16(nameBytes, flags, true);
    const made = libc.syscall('ioctl', descriptor, setInterface, libc.address(request));
    if (made < 0) throw new AgentError('DEVICE_UNUSABLE', `${subject}: TUNSETIFF: ${errnoText(made)}`);
    const kept = libc.syscall('ioctl', descriptor, setPersistent, 1);
    if (kept < 0) throw new AgentError('DEVICE_UNUSABLE', `${subject}: TUNSETPERSIST: ${errnoText(kept)}`);
  } finally {
    closeSync(descriptor);
  }
}

function openTun(subject: string): number {
  try {
    return openSync('/dev/net/tun', 'r+');
  } catch (cause) {
    throw new AgentError('DEVICE_UNUSABLE', `${subject}: /dev/net/tun: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
}

/** Makes the pod's device, or repairs what is missing of it. True when it is a new one. What was made is undone when a step fails. */
export function addPodTun(place: Workplace, spec: PodDevice): boolean {
  return inside(place, spec, (session, within) => {
    within(() => allowIpv6(spec));
    const there = findLink(session, spec.ifname);
    if (there !== undefined && !isOurs(there, spec.device)) throw taken(spec, there);
    if (there !== undefined) {
      session.run(subject(spec), changesOf(missingOfTun(session, spec, there, observeLink(session, there))));
      return false;
    }
    within(() => createTun(place.libc, spec.ifname));
    const made = findLink(session, spec.ifname);
    if (made === undefined) throw new AgentError('NETLINK_FAILED', `${subject(spec)}: removed by somebody else while it was made`);
    try {
      session.run(subject(spec), changesOf(missingOfTun(session, spec, made, nothing)));
      return true;
    } catch (error) {
      session.try([removeLink(made.index, [errno.nodev])]);
      throw error;
    }
  });
}

/** A namespace that is gone took its device along. Throws when it is there and cannot be entered. */
export function removePodTun(place: Workplace, which: Pick<PodDevice, 'device' | 'netns' | 'ifname'>): void {
  const link = (session: Session) => {
    const there = findLink(session, which.ifname);
    return there !== undefined && isOurs(there, which.device) ? there : undefined;
  };
  unlessGone(() =>
    inside(place, which, (session) => {
      const there = link(session);
      if (there !== undefined) session.run(subject(which), [removeLink(there.index, [errno.nodev])]);
    }),
  );
}

/** Whether it is where it was made. */
export function hasPodTun(place: Workplace, which: Pick<PodDevice, 'device' | 'netns' | 'ifname'>): boolean {
  const found = unlessGone(() => inside(place, which, (session) => findLink(session, which.ifname)));
  return found !== undefined && isOurs(found, which.device);
}

/** What is not as wanted, one sentence each. */
export function checkPodTun(place: Workplace, spec: PodDevice): string[] {
  try {
    return inside(place, spec, (session) => {
      const there = findLink(session, spec.ifname);
      if (there === undefined) return [`${spec.ifname}: no such device in the pod`];
      if (!isOurs(there, spec.device)) return [`${spec.ifname}: is not the TUN device ${spec.device}`];
      return missingOfTun(session, spec, there, observeLink(session, there)).map(({ sentence }) => sentence);
    });
  } catch (error) {
    if (error instanceof AgentError) return [error.message];
    throw error;
  }
}

type Within = <Result>(act: () => Result) => Result;

function inside<Result>(
  { namespaces, libc }: Workplace,
  { netns }: Pick<PodDevice, 'netns'>,
  act: (session: Session, within: Within) => Result,
): Result {
  return namespaces.open(netns, (descriptor) => {
    const within: Within = (step) => namespaces.within(netns, descriptor, step);
    using session = within(() => new Session(libc));
    return act(session, within);
  });
}

/** The reasons of who has no namespace any more; others are no answer. */
const goneCodes = ['ENOENT', 'ENOTDIR', 'ESRCH'];

function unlessGone<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'NETNS_UNKNOWN') throw error;
    const cause = error.cause as NodeJS.ErrnoException | undefined;
    if (cause !== undefined && !goneCodes.includes(cause.code ?? '')) throw error;
    return undefined;
  }
}

function missingOfTun(session: Session, spec: PodDevice, link: Link, observed: Observed): Missing[] {
  const lo = findLink(session, loopback);
  const nothingOf: Side = { ipv4: [], addresses: [], neighbours: [], routes: [] };
  return [
    ...missingAlias(link, spec.device),
    ...missingOf(podTunSide(link.index, spec), link, observed),
    ...(lo === undefined ? [] : missingOf(nothingOf, { ...lo, makesAddresses: false }, observed)),
  ];
}

/** There is no router: everything goes into the device, whoever it is for. */
function podTunSide(link: number, { addresses, mtu }: PodDevice): Side {
  const families = ([4, 6] as const).filter((family) => addresses.some((address) => familyOf(address) === family));
  return {
    mtu,
    ipv4: [],
    addresses: addresses.map(canonicalAddress),
    neighbours: [],
    routes: families.map((family) => ({ destination: family === 4 ? '0.0.0.0/0' : '::/0', link })),
  };
}

export function missingAlias(link: Link, alias: string): Missing[] {
  if (link.alias === alias) return [];
  const change: Change = changeLink(link.index, { alias });
  return [{ sentence: `${link.name}: does not say whose it is`, changes: [change] }];
}

/** One without an alias that is down is what an earlier try left. */
export function isOurs(link: Link, alias: string): boolean {
  return link.kind === 'tun' && (link.alias === alias || (link.alias === '' && !link.isUp));
}

function subject({ device, ifname }: Pick<PodDevice, 'device' | 'ifname'>): string {
  return `pod device ${device} (${ifname})`;
}

function taken({ ifname, netns }: PodDevice, link: Link): AgentError {
  return new AgentError('LINK_TAKEN', `device ${ifname} in ${netns}: there is a ${link.kind || 'device'} of that name that is not ours`);
}
