// Plan: what a node's network namespace should look like. Addresses and prefixes are texts, MACs are "aa:bb:cc:dd:ee:ff".

/** One interface of a pod: a pair of devices, one end in the pod's namespace. */
export interface PodDevice {
  /** Name of the end on the host. */
  readonly device: string;
  /** Path of the pod's network namespace. */
  readonly netns: string;
  /** Name of the end in the pod. */
  readonly ifname: string;
  /** Of the end in the pod. */
  readonly mac: string;
  /** Of the end on the host: what the pod takes for its router. */
  readonly gatewayMac: string;
  readonly addresses: readonly string[];
  readonly mtu: number;
}

export interface NodePlan {
  /** Absent in native routing. */
  readonly overlay?: { readonly device: string; readonly port: number; readonly mtu: number };
  /** The node's own addresses in its pod prefixes, kept on lo. */
  readonly router: readonly string[];
  /** The node's own pod prefixes, and the MTU of pods' interfaces: for a host whose pods are behind one device. */
  readonly own?: { readonly prefixes: readonly string[]; readonly mtu: number };
  /** Pod devices that are not named here are left as they are: they have just been made, or are about to go. */
  readonly pods: readonly PlannedPod[];
  readonly peers: readonly Peer[];
  /** Clients of the network reach services here, which may go on to other nodes with this one's own addresses as source. */
  readonly isExposed?: boolean;
  /**
   * Traffic of `sources` (prefixes) but not of `router` to anywhere but `except` leaves with the node's address, and never from one of `closed`:
   * what comes to those ports of the node is taken for a question to a service before anybody looks whether it is an answer.
   */
  readonly masquerade?: { readonly sources: readonly string[]; readonly except: readonly string[]; readonly closed?: readonly number[] };
}

export interface PlannedPod {
  readonly device: string;
  readonly mac: string;
  readonly addresses: readonly string[];
}

/** Another node: its pod prefixes, and its address in the underlay. */
export interface Peer {
  readonly name: string;
  readonly prefixes: readonly string[];
  readonly address: string;
  /** Its further ones: in native routing a prefix goes by one of its own family. */
  readonly others?: readonly string[];
  readonly way: 'overlay' | 'native';
}

/** What the node answers for besides its pods, where services are balanced behind a device of the host's stack. */
export interface ServicePlan {
  /** Whose packets go to that device, whoever sends them. */
  readonly addresses: readonly string[];
  /** Ports of the node's own addresses: protocol and port. */
  readonly nodePorts: Readonly<Record<4 | 6, readonly (readonly [protocol: number, port: number])[]>>;
}

/** A part of a plan that could not be made true. */
export interface HostProblem {
  /** What it is about: "route 10.1.2.0/24", "overlay axoneme_vxlan". */
  readonly subject: string;
  readonly message: string;
}

export interface HostCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}
