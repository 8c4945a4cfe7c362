// Self: what this node is to the datapath and to the others. Found out by whoever configures the host; it may change while we run.

export interface Self {
  readonly name: string;
  readonly cluster: { readonly name: string; readonly id: number };
  /** Every global address of this namespace. */
  readonly addresses: readonly string[];
  /** Those by which other nodes reach this one; the first of a family counts. */
  readonly underlay: readonly string[];
  /** Addresses in its own pod prefixes, which it has as a host. */
  readonly router: readonly string[];
  /** Of those the ones that clients of the network are hidden behind; the first of a family counts. */
  readonly speakers: readonly string[];
  /** What a node port's address becomes on its way here; none where it stays as it is. */
  readonly nodePorts: readonly string[];
  readonly podPrefixes: readonly string[];
  /** How it handles packets. */
  readonly datapath: 'kernel' | 'wasm';
  readonly way: 'overlay' | 'native';
  /** Datapath port of the overlay device; 0 without one. */
  readonly overlayPort: number;
  /** UDP port of the tunnel; 0 without an overlay. */
  readonly tunnelPort: number;
  /** Of pods' interfaces. */
  readonly mtu: number;
  /** Of the underlay device, `02:…`. */
  readonly mac: string;
}

/** `::` in it: IPv6. */
export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** A MAC address as layouts have it: six bytes, the first on the wire first. */
export function macWord(mac: string): bigint {
  return mac.split(':').reduceRight((word, byte) => (word << 8n) | BigInt(Number.parseInt(byte, 16)), 0n);
}
