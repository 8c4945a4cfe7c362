// Host: the network configuration of the namespace that this process runs in, and the pods' ends of their devices. It knows nothing
// of Kubernetes. Every call is synchronous: the kernel answers netlink within the call, and work in a pod's namespace must not yield.

import { openLibc } from '../datapath/kernel/libc.ts';
import { AgentError } from '../errors.ts';
import { canonicalAddress } from './attributes.ts';
import { checkHost, settingsOfOurs } from './checks.ts';
import { cleanHost } from './cleanup.ts';
import { listAddresses } from './link-addresses.ts';
import { findLink, listLinks } from './links.ts';
import { Namespaces } from './namespace.ts';
import { type NamespaceSockets, namespaceSockets } from './namespace-sockets.ts';
import { applyMasquerade } from './nft/masquerade.ts';
import { netfilterProtocol } from './nft/message.ts';
import { applyNode, sourcesOf } from './node.ts';
import { isPodDevice, ourDevices, podPrefix } from './ours.ts';
import type { HostCheck, HostProblem, NodePlan, PodDevice } from './plan.ts';
import { addPodDevice, checkPodDevice, removePodDevice } from './pod-device.ts';
import { Redirect } from './redirect.ts';
import { Session } from './session.ts';
import { familyOf } from './side.ts';
import { findUnderlay, globalAddresses } from './underlay.ts';

export interface Host extends Disposable, NamespaceSockets {
  /**
   * Makes a pod's device, or repairs what is missing of it, and answers its interface index. What was made is undone when a step
   * fails. Throws NETNS_UNKNOWN when the path is no network namespace, LINK_TAKEN when a foreign link has the name, NETLINK_FAILED
   * with the step otherwise.
   */
  addPodDevice(spec: PodDevice): number;
  /** An absent device is not an error. */
  removePodDevice(device: string): void;
  /** What is not as wanted, one sentence each. */
  checkPodDevice(spec: PodDevice): string[];
  /** Pod devices in this namespace, by name. `port` is the interface index, `mac` that of the end on the host. */
  podDevices(): { device: string; port: number; mac: string }[];
  /** The device that has `address`, else the one of the default route. Throws UNDERLAY_UNKNOWN. `addresses` are its global ones. */
  underlay(address?: string): Underlay;
  /** All global addresses of this namespace. */
  addresses(): string[];
  /** Of a device of that name, and of that kind where one is asked for. */
  portOf(device: string, kind?: string): number | undefined;
  /** Makes the namespace as planned by difference, touching only what is ours; problems are told and the rest goes on. */
  apply(plan: NodePlan): HostProblem[];
  /**
   * Queries of pods that policies send to the proxy come to the transparent sockets that listen on this port of this node, UDP and TCP, with
   * the addresses that they have; while nobody listens there they are dropped. By difference; repeated by each `apply`, and looked at by
   * `checks`. Undefined takes all of it away: only when no policy sends anything there. Before the first call what an earlier process
   * made stays. In userspace mode the device `proxyDevice` is made, which is to be attached as a port of kind `proxy` (`portOf`).
   */
  redirect(proxyPort: number | undefined): HostProblem[];
  /** Kernel settings that a plan needs: sets those that may be set, explains those that could not be. */
  checks(plan: NodePlan): HostCheck[];
  /** Kernel settings as agents set them, like "net.ipv4.conf.all.forwarding = 1": a cleanup leaves them. */
  settings(): string[];
  /** Removes every link, route, address and nft table of ours; tells what was removed. */
  cleanup(): string[];
}

export interface Underlay {
  readonly device: string;
  readonly port: number;
  readonly mtu: number;
  readonly mac: string;
  readonly addresses: string[];
}

export interface HostOptions {
  /** In front of the names of pod devices. */
  readonly prefix?: string;
}

/** Of the namespace that this thread is in, for good. Throws FFI_MISSING, NETLINK_FAILED. */
export async function openHost({ prefix = podPrefix }: HostOptions = {}): Promise<Host> {
  const libc = await openLibc();
  const namespaces = new Namespaces(libc);
  const session = new Session(libc);
  const netfilter = new Session(libc, netfilterProtocol);
  const place = { libc, namespaces, session };
  const redirect = new Redirect({ session, netfilter, sign: 'mark' });
  let nodeAddress: string | undefined;
  let planned: readonly string[] = [];
  /** Of the routers that are there: those of the last plan, else those of an earlier process. */
  const sources = () => {
    const loopback = findLink(session, 'lo')?.index;
    const there = listAddresses(session, loopback).flatMap(({ isOurs, address }) => (isOurs ? [address] : []));
    return sourcesOf([...planned.filter((address) => there.includes(address)), ...there]);
  };
  return {
    ...namespaceSockets(place),
    addPodDevice: (spec) => addPodDevice(place, spec, sources()),
    removePodDevice: (device) => removePodDevice(session, device),
    checkPodDevice: (spec) => checkPodDevice(place, spec, sources()),
    podDevices: () =>
      listLinks(session, 'veth')
        .filter(({ name }) => isPodDevice(name, prefix))
        .map(({ name, index, mac }) => ({ device: name, port: index, mac })),
    underlay(address) {
      nodeAddress = address;
      return findUnderlay(session, address);
    },
    addresses: () => globalAddresses(session),
    portOf(device, kind) {
      const link = findLink(session, device);
      return kind === undefined || link?.kind === kind ? link?.index : undefined;
    },
    apply(plan) {
      planned = plan.router.map(canonicalAddress);
      redirect.setFamilies(familiesOf(plan));
      return [...applyNode(session, plan, prefix), ...masqueradeProblems(netfilter, plan, prefix), ...redirect.apply()];
    },
    redirect(proxyPort) {
      redirect.want(proxyPort);
      return [...redirect.apply()];
    },
    checks: (plan) => [...checkHost(session, netfilter, plan, nodeAddress), ...redirect.checks()],
    settings: settingsOfOurs,
    cleanup: () => cleanHost(session, netfilter, prefix),
    [Symbol.dispose]() {
      session[Symbol.dispose]();
      netfilter[Symbol.dispose]();
      namespaces[Symbol.dispose]();
    },
  };
}

/** Those that pods have here. */
export function familiesOf({ router }: Pick<NodePlan, 'router'>): (4 | 6)[] {
  return ([4, 6] as const).filter((family) => router.some((address) => familyOf(address) === family));
}

/** A kernel without nf_tables masquerades nothing; everything else works. */
export function masqueradeProblems(netfilter: Session, plan: NodePlan, prefix: string): HostProblem[] {
  const subject = 'masquerading';
  try {
    return applyMasquerade(netfilter, plan, ourDevices(prefix)).map((message) => ({ subject, message }));
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return plan.masquerade === undefined ? [] : [{ subject, message: error.message }];
  }
}
