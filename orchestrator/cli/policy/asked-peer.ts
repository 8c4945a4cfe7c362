// Peers that a command line names, made places of a cluster: pods are there already, the rest is declared when it is asked for.

import { AgentError } from '../../errors.ts';
import type { ReservedName } from '../../model/identity.ts';
import type { Cluster } from '../../testing/cluster.ts';
import { suggestion } from './flags.ts';
import { type PeerText, parseSeconds, reservedPeers } from './peer.ts';

/** Addresses that stand for what is no pod: kept for benchmarks and documentation, so nobody has them. */
const wordAddress = (index: number) => `198.19.255.${index + 1}`;

/** Lets a word like `host` be asked about. Declared under the word, so that explanations say it too. */
export function declareWord(cluster: Cluster, word: string): string {
  const reserved = word === 'world' ? [] : [word as ReservedName];
  return cluster.outside(wordAddress(reservedPeers.indexOf(word)), { name: word, reserved });
}

/** What `cluster.flow` calls it. `addresses`: those of DNS answers, by name. */
export function placeOf(cluster: Cluster, peer: PeerText, pods: readonly string[], addresses: ReadonlyMap<string, string>): string {
  const { kind, text } = peer;
  if (kind === 'address') return text;
  if (kind === 'reserved') return declareWord(cluster, text);
  if (kind === 'name') {
    const address = addresses.get(text.replace(/\.$/, '').toLowerCase());
    if (address !== undefined) return address;
    throw new AgentError('WORLD_INVALID', `${text}: no address is known for the name: give one with --dns ${text}=ADDRESS`);
  }
  if (pods.includes(text)) return text;
  const near = suggestion(text, pods);
  throw new AgentError('WORLD_INVALID', `${text}: no such pod in the files${near}${near === '' ? ': declare it with --pod' : ''}`);
}

export interface DnsAnswer {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly ttl: number;
}

/** `api.example.com=203.0.113.10,60s`: more addresses and at last a life may follow. Throws a TypeError. */
export function parseDns(text: string): DnsAnswer {
  const [, name, rest] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined) throw new TypeError(`not NAME=ADDRESS or NAME=ADDRESS,TTL: "${text}"`);
  const addresses = rest.split(',');
  const last = addresses.at(-1) ?? '';
  const ttl = /^\d+(ms|s|m|h)?$/.test(last) ? parseSeconds(addresses.pop() as string) : 3600;
  return { name: name.replace(/\.$/, '').toLowerCase(), addresses, ttl };
}

export interface DeclaredPod {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** `shop/checkout:app=checkout,tier=front`. Throws a TypeError. */
export function parsePod(text: string): DeclaredPod {
  const [, name, labels = ''] = /^([^:/]+\/[^:/]+)(?::(.*))?$/.exec(text) ?? [];
  if (name === undefined) throw new TypeError(`not NAMESPACE/NAME:KEY=VALUE,…: "${text}"`);
  const pairs = labels.split(',').filter((pair) => pair !== '');
  return { name, labels: Object.fromEntries(pairs.map((pair) => [pair.split('=', 1)[0], pair.split('=').slice(1).join('=')])) };
}
