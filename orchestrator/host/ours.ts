// Ours: the signs by which this agent knows what it put into a namespace.

/** rtm_protocol of routes, and the protocol of addresses and neighbours. */
export const protocol = 97;
/** In front of ten hexadecimal digits: the host's ends of pod devices. */
export const podPrefix = 'axn';
export const overlayDevice = 'axoneme_vxlan';
/** TUN device between the host's stack and pods, in userspace mode. */
export const hostDevice = 'axoneme_host';
/** TUN device between pods and the proxy of their queries, in userspace mode. */
export const proxyDevice = 'axoneme_proxy';
/** Of nft tables, one a family; of those that bring node ports to services in userspace mode; of those that bring queries to the proxy. */
export const tableName = 'axoneme';
export const portsTableName = 'axoneme_ports';
export const redirectTableName = 'axoneme_proxy';

/**
 * The registry of routing policy: priorities of ip rules, and the tables that they lead to. Behind the kernel's own rule for local addresses
 * (0), and before those that VPNs and the like add, which begin at thousands.
 */
export const rulePriority = { taken: 971, lost: 972, answers: 973 } as const;
export const routeTable = { taken: 9701, answers: 9702 } as const;

/** What a pod takes for its routers. */
export const gateways = { 4: '169.254.1.1', 6: 'fe80::1' } as const;

/** What node ports become on their way to services in userspace mode, as a further address of the node: nobody has it. */
export const nodePortAddress = { 4: '169.254.77.77', 6: 'fd00:77::77' } as const;

export function isPodDevice(name: string, prefix: string = podPrefix): boolean {
  return name.startsWith(prefix) && /^[0-9a-f]{10}$/.test(name.slice(prefix.length));
}

/** How the names of our devices begin. */
export function ourDevices(prefix: string = podPrefix): string[] {
  return [prefix, overlayDevice.split('_')[0] ?? overlayDevice];
}
