// Node: makes a namespace as a plan says, by difference. What is added comes before what is taken away, so that an address that is to
// stay reachable is reachable all the while.

import { errno } from '../datapath/kernel/errno.ts';
import { canonicalAddress, canonicalPrefix } from './attributes.ts';
import { addAddress, removeAddress } from './link-addresses.ts';
import { changeLink, type Link, listLinks } from './links.ts';
import { removeNeighbour } from './neighbours.ts';
import { isPodDevice } from './ours.ts';
import { applyOverlay } from './overlay.ts';
import type { HostProblem, NodePlan, Peer } from './plan.ts';
import { type Route, removeRoute } from './routes.ts';
import type { Change, Session } from './session.ts';
import { familyOf, hostSide, missingOf, missingRoute, type Observed, observe, type Sources } from './side.ts';

export function applyNode(session: Session, plan: NodePlan, prefix: string): HostProblem[] {
  const problems: HostProblem[] = [];
  let now = observe(session);
  const overlayProblems = applyOverlay(session, plan.overlay, now.links);
  problems.push(...overlayProblems.map((message) => ({ subject: `overlay ${plan.overlay?.device ?? ''}`.trim(), message })));
  now = applyRouter(session, plan, now, problems);
  const sources = sourcesOf(plan.router);
  const routes = [...podsOf(session, plan, now, sources, problems), ...peersOf(plan, now, sources, problems)];
  applyRoutes(session, routes, now, problems);
  removeSurplus(session, plan, routes, now, prefix, problems);
  return problems;
}

/** The first router of each family is what the host's packets to pods have as source. */
export function sourcesOf(router: readonly string[]): Sources {
  const [four, six] = ([4, 6] as const).map((family) => router.find((address) => familyOf(address) === family));
  return { ...(four && { 4: canonicalAddress(four) }), ...(six && { 6: canonicalAddress(six) }) };
}

/** Adds what is missing; what else is ours on lo goes last, when no route needs it any more. Answers what is there now. */
export function applyRouter(session: Session, plan: NodePlan, before: Observed, problems: HostProblem[]): Observed {
  const loopback = before.links.find(isLoopback);
  if (loopback === undefined) return before;
  const missing = plan.router.map(canonicalAddress).filter((address) => !has(before, loopback, address));
  const changes = [
    ...(loopback.isUp ? [] : [changeLink(loopback.index, { isUp: true })]),
    ...missing.map((address) => addAddress(loopback.index, address)),
  ];
  attempt(session, `device ${loopback.name}`, changes, problems);
  return plan.overlay === undefined && changes.length === 0 ? before : { ...before, links: listLinks(session) };
}

function podsOf(session: Session, plan: NodePlan, now: Observed, sources: Sources, problems: HostProblem[]): Route[] {
  const routes: Route[] = [];
  const links = new Map(now.links.map((link) => [link.name, link]));
  const addresses = Map.groupBy(now.addresses, ({ link }) => link);
  const neighbours = Map.groupBy(now.neighbours, ({ link }) => link);
  for (const pod of plan.pods) {
    const subject = `pod device ${pod.device}`;
    const link = links.get(pod.device);
    if (link === undefined || link.kind !== 'veth') {
      problems.push({ subject, message: link === undefined ? 'no such device' : `there is a ${link.kind} of that name that is not ours` });
      continue;
    }
    const side = hostSide(link.index, pod, sources);
    const missing = missingOf({ ...side, routes: [] }, link, {
      ...now,
      addresses: addresses.get(link.index) ?? [],
      neighbours: neighbours.get(link.index) ?? [],
    });
    attempt(
      session,
      subject,
      missing.flatMap(({ changes }) => changes),
      problems,
    );
    routes.push(...side.routes);
  }
  return routes;
}

function peersOf(plan: NodePlan, now: Observed, sources: Sources, problems: HostProblem[]): Route[] {
  const overlay = now.links.find(({ name }) => name === plan.overlay?.device);
  const routes: Route[] = [];
  for (const peer of plan.peers) {
    for (const destination of peer.prefixes.map(canonicalPrefix)) {
      const family = familyOf(destination);
      const source = sources[family];
      const gateway = gatewayOf(peer, family);
      const tell = (message: string) => problems.push({ subject: `node ${peer.name}`, message: `${destination}: ${message}` });
      if (peer.way === 'native' && gateway !== undefined) routes.push({ destination, gateway, source });
      else if (peer.way === 'native') tell(`in native routing it needs an IPv${family} address of the node`);
      else if (overlay !== undefined) routes.push({ destination, link: overlay.index, source, tunnel: canonicalAddress(peer.address) });
      else tell('there is no overlay device');
    }
  }
  return routes;
}

export function gatewayOf(peer: Peer, family: 4 | 6): string | undefined {
  const found = [peer.address, ...(peer.others ?? [])].find((address) => familyOf(address) === family);
  return found === undefined ? undefined : canonicalAddress(found);
}

export function applyRoutes(session: Session, routes: readonly Route[], now: Observed, problems: HostProblem[]): void {
  const there = Map.groupBy(now.routes, ({ destination }) => destination);
  const changes = routes.flatMap((route) =>
    missingRoute('', route, there.get(route.destination) ?? []).flatMap((missing) =>
      missing.changes.map((change): [Change, Route] => [change, route]),
    ),
  );
  const routeOf = new Map(changes);
  for (const { change, result, message } of session.try([...routeOf.keys()])) {
    const foreign = result === -errno.exist ? 'a route that is not ours has this destination' : message;
    problems.push({ subject: `route ${routeOf.get(change)?.destination}`, message: foreign });
  }
}

/** Routes, neighbours and addresses that no plan names any more. */
export function removeSurplus(
  session: Session,
  plan: NodePlan,
  routes: readonly Route[],
  now: Observed,
  prefix: string,
  problems: HostProblem[],
): void {
  const planned = new Set(plan.pods.map(({ device }) => device));
  const links = new Map(now.links.map((link) => [link.index, link]));
  const isUnplannedPod = (index: number | undefined) => {
    const name = links.get(index ?? 0)?.name ?? '';
    return isPodDevice(name, prefix) && !planned.has(name);
  };
  const wanted = new Set(routes.map(({ destination }) => destination));
  const addresses = new Map(plan.pods.map((pod) => [pod.device, new Set(pod.addresses.map(canonicalAddress))]));
  const loopback = now.links.find(isLoopback);
  const router = new Set(plan.router.map(canonicalAddress));
  const changes: Change[] = [
    ...now.routes.filter((route) => !wanted.has(route.destination) && !isUnplannedPod(route.link)).map(removeRoute),
    ...now.neighbours
      .filter(({ link, isPermanent }) => isPermanent && planned.has(links.get(link)?.name ?? ''))
      .filter(({ link, address }) => !addresses.get(links.get(link)?.name ?? '')?.has(address))
      .map(({ link, address }) => removeNeighbour(link, address)),
    ...now.addresses
      .filter(({ link, isOurs, address }) => link === loopback?.index && isOurs && !router.has(address))
      .map(({ link, address }) => removeAddress(link, address)),
  ];
  attempt(session, 'what is no longer planned', changes, problems);
}

export function attempt(session: Session, subject: string, changes: readonly Change[], problems: HostProblem[]): void {
  for (const { change, message } of session.try(changes)) problems.push({ subject, message: `${change.step}: ${message}` });
}

function has(now: Observed, link: Link, address: string): boolean {
  return now.addresses.some((there) => there.link === link.index && there.address === address);
}

function isLoopback(link: Link): boolean {
  return link.name === 'lo';
}
