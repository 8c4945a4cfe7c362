// The host where packets of pods go through WebAssembly: the same as `host.ts` with TUN devices in place of pairs, one of them between the
// host's stack and everything else. Ports are numbers of our own.

import { openLibc } from '../datapath/kernel/libc.ts';
import { hostPort, overlayPort, proxyPort } from '../datapath/wasm/port.ts';
import { AgentError } from '../errors.ts';
import { makePrefix, parsePrefix } from '../net/prefix.ts';
import { canonicalAddress } from './attributes.ts';
import { checkHost, settingsOfOurs } from './checks.ts';
import { cleanHost } from './cleanup.ts';
import { type Host, masqueradeProblems } from './host.ts';
import { findLink } from './links.ts';
import { Namespaces } from './namespace.ts';
import { namespaceSockets } from './namespace-sockets.ts';
import { netfilterProtocol } from './nft/message.ts';
import { applyNodePorts } from './nft/node-ports.ts';
import { sourcesOf } from './node.ts';
import { hostDevice, overlayDevice, podPrefix, proxyDevice } from './ours.ts';
import type { HostProblem, NodePlan, ServicePlan } from './plan.ts';
import { ServiceRoutes } from './service-routes.ts';
import { Session } from './session.ts';
import { addPodTun, checkPodTun, hasPodTun, removePodTun } from './tun-device.ts';
import { TunFiles } from './tun-files.ts';
import { findUnderlay, globalAddresses } from './underlay.ts';
import { applyUserNode, removeTun } from './user-node.ts';
import { UserRedirect } from './user-redirect.ts';

export interface UserHost extends Host {
  /** What services add to the namespace, by difference. Problems are told; the rest goes on. */
  serve(plan: ServicePlan): Promise<HostProblem[]>;
}

export interface UserHostOptions {
  /** Of files that tell of pods' devices. */
  readonly folder: string;
  /** In front of the names of pod devices. */
  readonly prefix?: string;
}

/** Of the namespace that this thread is in, for good. Throws FFI_MISSING, NETLINK_FAILED. */
export async function openUserHost({ folder, prefix = podPrefix }: UserHostOptions): Promise<UserHost> {
  const libc = await openLibc();
  const namespaces = new Namespaces(libc);
  const session = new Session(libc);
  const netfilter = new Session(libc, netfilterProtocol);
  const place = { libc, namespaces, session };
  const files = new TunFiles(folder);
  const services = new ServiceRoutes(session);
  const redirect = new UserRedirect({ libc, session, netfilter });
  let nodeAddress: string | undefined;
  let planned: NodePlan | undefined;
  /** Undefined while they are not known: those of an earlier life stay. */
  let nodePorts: ServicePlan['nodePorts'] | undefined;
  const applyPorts = () => portProblems(netfilter, planned, nodePorts);
  return {
    ...namespaceSockets(place),
    addPodDevice(spec) {
      const before = files.find(spec.device);
      if (before !== undefined && (before.netns !== spec.netns || before.ifname !== spec.ifname)) {
        removePodTun(place, before);
        files.remove(before.device);
      }
      const isNew = addPodTun(place, spec);
      try {
        return files.put(spec, isNew);
      } catch (error) {
        if (isNew) removePodTun(place, spec);
        throw error;
      }
    },
    removePodDevice(device) {
      const file = files.find(device);
      if (file === undefined) return;
      removePodTun(place, file);
      files.remove(device);
    },
    checkPodDevice(spec) {
      const file = files.find(spec.device);
      return [...(file === undefined ? [`${spec.device}: the datapath has no port of it`] : []), ...checkPodTun(place, spec)];
    },
    podDevices: () => {
      const there = files.list().filter((file) => hasPodTun(place, file));
      return there.map(({ device, port }) => ({ device, port, mac: '' }));
    },
    underlay(address) {
      nodeAddress = address;
      return findUnderlay(session, address);
    },
    addresses: () => globalAddresses(session),
    portOf(device, kind) {
      if (device === overlayDevice) return hasTunDevice(session, hostDevice) ? overlayPort : undefined;
      if (device === hostDevice) return hasTunDevice(session, hostDevice) ? hostPort : undefined;
      if (device === proxyDevice) return hasTunDevice(session, proxyDevice) ? proxyPort : undefined;
      const link = findLink(session, device);
      return kind === undefined || link?.kind === kind ? link?.index : undefined;
    },
    apply(plan) {
      planned = plan;
      const problems = applyUserNode({ libc, session, prefix, services: services.wanted }, plan);
      services.moved(findLink(session, hostDevice)?.index, sourcesOf(plan.router));
      return [...problems, ...masqueradeProblems(netfilter, plan, prefix), ...applyPorts(), ...redirect.planned(plan)];
    },
    redirect: (proxyPort) => redirect.want(proxyPort),
    async serve(plan) {
      nodePorts = plan.nodePorts;
      const problems = await services.apply(plan.addresses.map(canonicalAddress));
      return [...problems, ...applyPorts()];
    },
    checks: ({ overlay: _, ...plan }) => [...checkHost(session, netfilter, plan, nodeAddress), ...redirect.checks()],
    settings: settingsOfOurs,
    cleanup() {
      const removed = files.list().map((file) => {
        removePodTun(place, file);
        files.remove(file.device);
        return `device ${file.device}`;
      });
      return [
        ...removed,
        ...cleanHost(session, netfilter, prefix),
        ...[hostDevice, proxyDevice].flatMap((name) => removeTun(session, name)),
      ];
    },
    [Symbol.dispose]() {
      session[Symbol.dispose]();
      netfilter[Symbol.dispose]();
      namespaces[Symbol.dispose]();
    },
  };
}

/** The addresses that the host's own packets to services come from: the first of each pod prefix, which no pod gets. */
export function speakersOf(prefixes: readonly string[]): string[] {
  return prefixes
    .map(parsePrefix)
    .map(({ family, value }) => makePrefix(family, value, family === 4 ? 32 : 128).text.split('/')[0] as string);
}

/** A kernel without nf_tables has no node ports; everything else works. */
function portProblems(netfilter: Session, plan: NodePlan | undefined, nodePorts: ServicePlan['nodePorts'] | undefined): HostProblem[] {
  if (plan?.own === undefined || nodePorts === undefined) return [];
  const subject = 'node ports';
  const pods = [...plan.own.prefixes, ...plan.peers.flatMap(({ prefixes }) => prefixes)];
  try {
    return applyNodePorts(netfilter, { nodePorts, pods, speakers: speakersOf(plan.own.prefixes) }).map((message) => ({ subject, message }));
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return [{ subject, message: error.message }];
  }
}

function hasTunDevice(session: Session, name: string): boolean {
  return findLink(session, name)?.kind === 'tun';
}
