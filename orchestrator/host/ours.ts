// Ours: the signs by which this agent knows what it put into a namespace.

/** rtm_protocol of routes, and the protocol of addresses and neighbours. */
export const protocol = 97;
/** In front of ten hexadecimal digits: the host's ends of pod devices. */
export const podPrefix = 'axn';
export const overlayDevice = 'axoneme_vxlan';
/** Of nft tables, one a family. */
export const tableName = 'axoneme';

/** What a pod takes for its routers. */
export const gateways = { 4: '169.254.1.1', 6: 'fe80::1' } as const;

export function isPodDevice(name: string, prefix: string = podPrefix): boolean {
  return name.startsWith(prefix) && /^[0-9a-f]{10}$/.test(name.slice(prefix.length));
}

/** How the names of our devices begin. */
export function ourDevices(prefix: string = podPrefix): string[] {
  return [prefix, overlayDevice.split('_')[0] ?? overlayDevice];
}
