// Address records: `axoneme/state/ip/v1/default/<address or prefix>`, which identity an address has and behind which node it is.
import { optional, type Read, read, record, requireFields } from './json.ts';

export interface IpRecord {
  readonly IP: string;
  /** Bytes of the mask in base64; null for a single address. */
  readonly Mask: string | null;
  /** The node that carries it. */
  readonly HostIP: string;
  readonly ID: number;
  /** Number of the key that traffic to it is encrypted with; 0 without encryption. */
  readonly Key?: number;
  readonly Metadata?: string;
  readonly K8sNamespace?: string;
  readonly K8sPodName?: string;
  readonly K8sServiceAccount?: string;
  readonly NamedPorts?: readonly { readonly Name: string; readonly Port: number; readonly Protocol: string }[];
}

export const ipPrefix = 'axoneme/state/ip/v1/default/';

/** `prefixLength`: for a prefix that is not a single address. */
export const ipKey = (address: string, prefixLength?: number): string =>
  `${ipPrefix}${address}${prefixLength === undefined ? '' : `/${prefixLength}`}`;

/** The mask of a record, of a prefix in an address family of `bits` bits. */
export function maskOf(prefixLength: number, bits: 32 | 128): string {
  const bytes = Uint8Array.from({ length: bits / 8 }, (_, at) => (0xff00 >> Math.min(8, Math.max(0, prefixLength - at * 8))) & 0xff);
  return Buffer.from(bytes).toString('base64');
}

/** Prefix length of a mask; undefined when its ones are not in front. */
export function lengthOf(mask: string): number | undefined {
  const bits = [...Buffer.from(mask, 'base64')].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) && (bits.length === 32 || bits.length === 128) ? bits.replace(/0+$/, '').length : undefined;
}

/**
 * `cluster`: whose records are read. Identities below 256 mean the same everywhere; any other must be of that cluster, so that nobody
 * says who is who in somebody else's.
 */
export function readIp(key: string, value: Uint8Array, cluster: { readonly id: number }): Read<IpRecord> {
  return read(value, (json) => {
    requireFields(json, { IP: 'address', HostIP: 'string', ID: 'number' });
    optional(json, { Mask: 'string', Key: 'number', Metadata: 'string', K8sNamespace: 'string', K8sPodName: 'string' });
    optional(json, { K8sServiceAccount: 'string', NamedPorts: 'array' });
    const ip = { Mask: null, ...json } as unknown as IpRecord;
    for (const [at, port] of (ip.NamedPorts ?? []).entries()) {
      requireFields(record(port, `NamedPorts[${at}]`), { Name: 'string', Port: 'number', Protocol: 'string' });
    }
    const length = ip.Mask === null ? undefined : lengthOf(ip.Mask);
    if (ip.Mask !== null && length === undefined) throw new Error(`Mask: not a mask: "${ip.Mask}"`);
    if (key !== ipKey(ip.IP, length)) throw new Error(`IP: not what its key says: "${ip.IP}"`);
    if (ip.ID >= 256 && ip.ID >>> 16 !== cluster.id) throw new Error(`ID: not of cluster ${cluster.id}: ${ip.ID}`);
    return ip;
  });
}
