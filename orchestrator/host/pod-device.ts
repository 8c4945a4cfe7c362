// Pod device: a pair of devices, one end here and one in the pod's namespace, made as wanted, compared with it, and removed.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { errno } from '../datapath/kernel/errno.ts';
import type { Libc } from '../datapath/kernel/libc.ts';
import { AgentError } from '../errors.ts';
import { createPair, findLink, type Link, removeLink } from './links.ts';
import type { Namespaces } from './namespace.ts';
import type { PodDevice } from './plan.ts';
import { listRoutes, replaceRoute } from './routes.ts';
import { type Change, refusal, Session } from './session.ts';
import { familyOf, hostSide, type Missing, missingOf, nothing, type Observed, observeLink, podSide, type Sources } from './side.ts';

/** What the functions of this file work with. */
export interface Workplace {
  readonly libc: Libc;
  readonly namespaces: Namespaces;
  /** In this process's own namespace. */
  readonly session: Session;
}

export const loopback = 'lo';

/** Interface index of the end here. */
export function addPodDevice(place: Workplace, spec: PodDevice, sources: Sources): number {
  return place.namespaces.open(spec.netns, (namespace) => {
    using inside = place.namespaces.within(spec.netns, namespace, () => {
      allowIpv6(spec);
      return new Session(place.libc);
    });
    const there = existing(place.session, inside, spec);
    if (there !== undefined) {
      const missing = missingOfPair(spec, there, sources, observeLink(place.session, there.here), observeLink(inside, there.there));
      send(place.session, spec, missing.here);
      inside.run(subject(spec), changesOf(missing.there));
      return there.here.index;
    }
    place.session.run(subject(spec), [
      createPair({ name: spec.device, mac: spec.gatewayMac }, { name: spec.ifname, mac: spec.mac, namespace }, spec.mtu),
    ]);
    try {
      const pair = pairOf(place.session, inside, spec);
      const missing = missingOfPair(spec, pair, sources, nothing, { ...nothing, links: [pair.loopback] });
      send(place.session, spec, missing.here);
      inside.run(subject(spec), changesOf(missing.there));
      return pair.here.index;
    } catch (error) {
      removePodDevice(place.session, spec.device);
      throw error;
    }
  });
}

export function removePodDevice(session: Session, device: string): void {
  const link = findLink(session, device);
  if (link === undefined) return;
  if (link.kind !== 'veth') throw taken(device, link);
  session.run(`pod device ${device}`, [removeLink(link.index, [errno.nodev])]);
}

/** What is not as wanted; a namespace or a device that is not there is one sentence. */
export function checkPodDevice(place: Workplace, spec: PodDevice, sources: Sources): string[] {
  try {
    return place.namespaces.open(spec.netns, (namespace) => {
      using inside = place.namespaces.within(spec.netns, namespace, () => new Session(place.libc));
      const [here, there] = [findLink(place.session, spec.device), findLink(inside, spec.ifname)];
      if (here === undefined) return [`${spec.device}: no such device`];
      if (there === undefined) return [`${spec.ifname}: no such device in the pod`];
      if (!isPair(here, there)) return [`${spec.device}: is not the other end of the pod's ${spec.ifname}`];
      const pair = { here, there, loopback: findLink(inside, loopback) ?? there };
      const missing = missingOfPair(spec, pair, sources, observeLink(place.session, here), observeLink(inside, there));
      return [...missing.here, ...missing.there].map(({ sentence }) => sentence);
    });
  } catch (error) {
    if (error instanceof AgentError) return [error.message];
    throw error;
  }
}

interface Pair {
  readonly here: Link;
  readonly there: Link;
  readonly loopback: Link;
}

/** The pair that is there already. A device of the name that leads elsewhere is what an earlier try left, and is removed. */
function existing(session: Session, inside: Session, spec: PodDevice): Pair | undefined {
  const [here, there] = [findLink(session, spec.device), findLink(inside, spec.ifname)];
  if (here !== undefined && here.kind !== 'veth') throw taken(spec.device, here);
  if (here !== undefined && there !== undefined && isPair(here, there)) return pairOf(session, inside, spec);
  if (here !== undefined) session.run(subject(spec), [removeLink(here.index, [errno.nodev])]);
  const stillThere = here === undefined ? there : findLink(inside, spec.ifname);
  if (stillThere !== undefined) throw taken(`${spec.ifname} in ${spec.netns}`, stillThere);
  return undefined;
}

function pairOf(session: Session, inside: Session, spec: PodDevice): Pair {
  const [here, there, lo] = [findLink(session, spec.device), findLink(inside, spec.ifname), findLink(inside, loopback)];
  if (here === undefined || there === undefined || lo === undefined) {
    throw new AgentError('NETLINK_FAILED', `${subject(spec)}: removed by somebody else while it was made`);
  }
  return { here, there, loopback: lo };
}

function isPair(here: Link, there: Link): boolean {
  return here.kind === 'veth' && there.kind === 'veth' && here.peer === there.index && there.peer === here.index;
}

function missingOfPair(
  spec: PodDevice,
  pair: Pair,
  sources: Sources,
  here: Observed,
  there: Observed,
): { here: Missing[]; there: Missing[] } {
  const loopbackSide = { ipv4: [], addresses: [], neighbours: [], routes: [] };
  return {
    here: missingOf(hostSide(pair.here.index, spec, sources), pair.here, here),
    there: [
      ...missingOf(podSide(pair.there.index, spec), pair.there, there),
      ...missingOf(loopbackSide, { ...pair.loopback, makesAddresses: false }, there),
    ],
  };
}

/** A route of ours that leads to a device which is about to go is replaced; one of somebody else's stays, and is an error. */
function send(session: Session, spec: PodDevice, missing: readonly Missing[]): void {
  for (const failure of session.try(changesOf(missing))) {
    const route = hostSide(0, spec, {}).routes.find(({ destination }) => failure.change.step === `route ${destination}: add`);
    if (failure.result !== -errno.exist || route === undefined) throw refusal(subject(spec), failure);
    const ours = listRoutes(session).find(({ destination }) => destination === route.destination);
    if (ours === undefined) throw refusal(subject(spec), { ...failure, message: 'a route that is not ours has this destination' });
    const link = findLink(session, spec.device);
    session.run(subject(spec), [replaceRoute({ ...ours, link: link?.index })]);
  }
}

/** Container runtimes switch IPv6 off in new namespaces; who gives a pod an IPv6 address wants it on. */
export function allowIpv6(spec: PodDevice): void {
  if (!spec.addresses.some((address) => familyOf(address) === 6)) return;
  for (const name of ['all', 'default', loopback]) {
    const path = `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`;
    try {
      if (existsSync(path) && readFileSync(path, 'latin1').trim() !== '0') writeFileSync(path, '0');
    } catch {
      // Where settings may not be written, the address that is refused says so.
    }
  }
}

export function changesOf(missing: readonly Missing[]): Change[] {
  return missing.flatMap(({ changes }) => changes);
}

function subject(spec: PodDevice): string {
  return `pod device ${spec.device}`;
}

function taken(name: string, link: Link): AgentError {
  return new AgentError('LINK_TAKEN', `device ${name}: there is a ${link.kind || 'device'} of that name that is not ours`);
}
