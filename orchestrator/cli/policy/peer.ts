// Peers and ports as people write them: `shop/checkout`, `203.0.113.10`, `host`, `api.example.com`; `5432/tcp`, `8/icmp`.

import { type Protocol, protocolNumbers } from '../../testing/message.ts';
import { isAddress } from '../../testing/place.ts';
import { suggestion } from './flags.ts';

export type PeerText =
  | { readonly kind: 'pod'; readonly text: string }
  | { readonly kind: 'address'; readonly text: string }
  /** No pod and not outside: the node's own side and what Cilium reserves words for. */
  | { readonly kind: 'reserved'; readonly text: string }
  | { readonly kind: 'name'; readonly text: string };

/** Characters: a namespace, a pod and a slash take less, and so does a DNS name. */
const longest = 400;

export const reservedPeers = ['host', 'remote-node', 'kube-apiserver', 'health', 'ingress', 'unmanaged', 'world'];

/** Throws a TypeError that quotes the text when it is none of them. */
export function parsePeer(text: string): PeerText {
  if (text.length > longest) throw new TypeError(`longer than any name: "${text.slice(0, 40)}…"`);
  if (isAddress(text)) return { kind: 'address', text };
  if (reservedPeers.includes(text)) return { kind: 'reserved', text };
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?\/[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(text)) return { kind: 'pod', text };
  if (!/^[\d.]+$/.test(text) && /^[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)+\.?$/i.test(text))
    return { kind: 'name', text };
  const near = suggestion(text, reservedPeers);
  throw new TypeError(`not namespace/pod, an address, a DNS name or one of ${reservedPeers.join(', ')}: "${text}"${near}`);
}

export interface PortText {
  /** ICMP: the message's type. */
  readonly port: number;
  readonly protocol: Protocol;
}

const protocols = Object.keys(protocolNumbers) as Protocol[];

/** `5432` is TCP. Throws a TypeError that quotes the text when it is no port. */
export function parsePort(text: string, protocol = 'tcp'): PortText {
  const [, number, word = protocol] = /^(\d{1,5})(?:\/(\w+))?$/.exec(text.trim()) ?? [];
  const port = number === undefined ? Number.NaN : Number(number);
  if (!(port <= 65535)) throw new TypeError(`not a port with a protocol, like 5432/tcp or 8/icmp: "${text}"`);
  return { port, protocol: parseProtocol(word) };
}

/** A port, or the name that the pod at the other end has for one: `http`, `dns/udp`. */
export function parsePortOrName(text: string, protocol = 'tcp'): { readonly port: number | string; readonly protocol: Protocol } {
  const [, name, word = protocol] = /^([a-z0-9-]*[a-z][a-z0-9-]*)(?:\/(\w+))?$/i.exec(text.trim()) ?? [];
  return name === undefined ? parsePort(text, protocol) : { port: name.toLowerCase(), protocol: parseProtocol(word) };
}

export function parseProtocol(text: string): Protocol {
  const lower = text.toLowerCase();
  const found = protocols.find((name) => name === (lower === 'icmpv4' ? 'icmp' : lower));
  if (found === undefined) throw new TypeError(`not one of ${protocols.join(', ')}: "${text}"${suggestion(lower, protocols)}`);
  return found;
}

/** Seconds of `60`, `60s`, `5m`, `1h30m`. Throws a TypeError that quotes the text. */
export function parseSeconds(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (/^\d+(\.\d+)?$/.test(text)) return inRange(Number(text), text);
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) throw new TypeError(`not a time like 60s or 1h30m: "${text}"`);
  const seconds = { ms: 0.001, s: 1, m: 60, h: 3600 };
  return inRange(
    parts.reduce((sum, [, number, unit]) => sum + Number(number) * seconds[unit as keyof typeof seconds], 0),
    text,
  );
}

function inRange(seconds: number, text: string): number {
  if (seconds <= longestTime) return seconds;
  throw new TypeError(`longer than ${longestTime / 86400} days: "${text.slice(0, 40)}"`);
}

/** Seconds: the datapath's clock tells times apart that lie nearer than that. */
const longestTime = 90 * 86400;
