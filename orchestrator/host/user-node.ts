// User node: makes a namespace as a plan says where packets of pods go through a TUN device of the host's stack. By difference, as
// `node.ts`, with whom it shares what is the same.

import type { Libc } from '../datapath/kernel/libc.ts';
import { AgentError } from '../errors.ts';
import { containsPrefix, parsePrefix } from '../net/prefix.ts';
import { canonicalAddress, canonicalPrefix } from './attributes.ts';
import { changeLink, findLink, ipv4Setting, type Link, removeLink } from './links.ts';
import { applyRouter, applyRoutes, attempt, gatewayOf, removeSurplus, sourcesOf } from './node.ts';
import { hostDevice, nodePortAddress } from './ours.ts';
import type { HostProblem, NodePlan, Peer } from './plan.ts';
import type { Route } from './routes.ts';
import type { Session } from './session.ts';
import { familyOf, hostPrefix, missingOf, nothing, observe, type Side, type Sources } from './side.ts';
import { createTun, isOurs, missingAlias } from './tun-device.ts';

export interface UserNode {
  readonly libc: Libc;
  readonly session: Session;
  readonly prefix: string;
  /** Addresses of services, canonical; undefined while they are not known: then routes that may be theirs stay. */
  readonly services: ReadonlySet<string> | undefined;
}

/** Packets are judged by the datapath: answers come to the stack with addresses of this node as source. */
const settings = [
  [ipv4Setting.rpFilter, 0],
  [ipv4Setting.acceptLocal, 1],
  [ipv4Setting.sendRedirects, 0],
] as const;

export function applyUserNode({ libc, session, prefix, services }: UserNode, plan: NodePlan): HostProblem[] {
  const problems: HostProblem[] = [];
  const link = applyTunDevice({ libc, session, name: hostDevice, mtu: plan.own?.mtu }, problems);
  const now = applyRouter(session, plan, observe(session), problems);
  const sources = sourcesOf(plan.router);
  const routes = link === undefined ? [] : [...ownRoutes(plan, link, sources), ...serviceRoutes(services ?? [], link.index, sources)];
  routes.push(...peerRoutes(plan.peers, link, sources, problems));
  applyRoutes(session, routes, now, problems);
  const isKept = ({ destination, link: at }: Route) => services === undefined && at === link?.index && /\/(32|128)$/.test(destination);
  // Without the device there is nothing that routes could lead to instead.
  if (link !== undefined)
    removeSurplus(session, plan, routes, { ...now, routes: now.routes.filter((route) => !isKept(route)) }, prefix, problems);
  return problems;
}

export interface TunDevice {
  readonly libc: Libc;
  readonly session: Session;
  readonly name: string;
  readonly mtu: number | undefined;
  /** Packets that wait in it while nobody reads them; without it as many as the kernel says. */
  readonly queue?: number;
}

/** A device of this namespace, as it should be; undefined when it cannot be had. */
export function applyTunDevice({ libc, session, name, mtu, queue }: TunDevice, problems: HostProblem[]): Link | undefined {
  const subject = `device ${name}`;
  try {
    const before = findLink(session, name);
    if (before !== undefined && !isOurs(before, name)) {
      problems.push({ subject, message: `there is a ${before.kind || 'device'} of that name that is not ours` });
      return undefined;
    }
    if (before === undefined) createTun(libc, name);
    const link = findLink(session, name);
    if (link === undefined) throw new AgentError('NETLINK_FAILED', `${subject}: removed by somebody else while it was made`);
    const side: Side = { ...(mtu !== undefined && { mtu }), ipv4: settings, addresses: [], neighbours: [], routes: [] };
    const missing = [...missingAlias(link, name), ...missingOf(side, link, nothing)].flatMap(({ changes }) => changes);
    if (queue !== undefined && link.queue !== queue) missing.unshift(changeLink(link.index, { queue }));
    attempt(session, subject, missing, problems);
    return link;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    problems.push({ subject, message: error.message });
    return undefined;
  }
}

/** What was removed; nothing that is not ours. */
export function removeTun(session: Session, name: string): string[] {
  const link = findLink(session, name);
  if (link === undefined || !isOurs(link, name)) return [];
  return session.try([removeLink(link.index)]).length > 0 ? [] : [`device ${name}`];
}

function ownRoutes({ own, pods, router }: NodePlan, { index: link }: Link, sources: Sources): Route[] {
  const prefixes = (own?.prefixes ?? []).map(canonicalPrefix);
  const known = prefixes.map(parsePrefix);
  // Pods keep addresses of prefixes that the node had before.
  const outside = pods
    .flatMap(({ addresses }) => addresses.map(hostPrefix))
    .filter((text) => !known.some((each) => containsPrefix(each, parsePrefix(text))));
  const families = new Set(router.map(familyOf));
  const dummies = ([4, 6] as const).filter((family) => families.has(family)).map((family) => hostPrefix(nodePortAddress[family]));
  return [...prefixes, ...outside, ...dummies].map((destination) => ({ destination, link, source: sources[familyOf(destination)] }));
}

/** The host's own packets to services have the router as source, as those to pods. */
export function serviceRoutes(addresses: Iterable<string>, link: number, sources: Sources): Route[] {
  return Array.from(addresses, (address) => ({ destination: hostPrefix(address), link, source: sources[familyOf(address)] }));
}

function peerRoutes(peers: readonly Peer[], device: Link | undefined, sources: Sources, problems: HostProblem[]): Route[] {
  return peers.flatMap((peer) =>
    peer.prefixes.map(canonicalPrefix).flatMap((destination): Route[] => {
      const family = familyOf(destination);
      const source = sources[family];
      if (peer.way === 'overlay') return device === undefined ? [] : [{ destination, link: device.index, source }];
      const gateway = gatewayOf(peer, family);
      if (gateway !== undefined) return [{ destination, gateway: canonicalAddress(gateway), source }];
      problems.push({
        subject: `node ${peer.name}`,
        message: `${destination}: in native routing it needs an IPv${family} address of the node`,
      });
      return [];
    }),
  );
}
