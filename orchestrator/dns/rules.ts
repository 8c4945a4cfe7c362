// Rules of DNS: which names the pods of this node may ask whom for, and which selectors grant them the addresses. The agent writes them to a
// file, the proxy reads them; both speak by the types here.

import { readFile, rename, writeFile } from 'node:fs/promises';
import { AgentError } from '../errors.ts';
import type { NameSelector } from '../model/policy/rule.ts';
import { Reading } from './rules-reading.ts';

/** The file: R/dns/rules.json. */
/** Of the file. A version that reads more than one says so here. */
export const format = 1;

export interface DnsRules {
  readonly format: typeof format;
  /** Grows with every change. */
  readonly generation: number;
  /** What a pod is answered that may not ask for a name. */
  readonly reject: 'refused' | 'nxdomain';
  readonly endpoints: readonly DnsEndpoint[];
  readonly sets: readonly DnsSet[];
}

/** A pod of this node whose DNS may come to the proxy. */
export interface DnsEndpoint {
  /** Its number in the datapath. */
  readonly id: number;
  readonly namespace: string;
  readonly pod: string;
  readonly identity: number;
  /** `source:key=value`, sorted. */
  readonly labels: readonly string[];
  readonly addresses: readonly string[];
  /** Number of one of `DnsRules.sets`. */
  readonly set: number;
}

/** What holds for the endpoints of one policy set. */
export interface DnsSet {
  readonly set: number;
  readonly allowed: readonly DnsAllowed[];
  readonly granted: readonly DnsGranted[];
}

/**
 * A rule for questions to one server: a name is allowed if any row of the server's identity or of 0, and of its protocol and port, has a name
 * that matches. Several rows may speak of the same. What is denied has no row, and is nothing that the datapath passes on.
 */
export interface DnsAllowed {
  /** Of the server: that of its address in the ipcache, or one of those granted to the pod for that address. 0: every server. */
  readonly identity: number;
  /** IP protocol number. */
  readonly protocol: number;
  /** Host order; bits behind `portBits` are zero. */
  readonly port: number;
  /** Leading bits of the port that count: 16 is that port. */
  readonly portBits: number;
  /** every: a rule without names allows the same. */
  readonly names: 'every' | readonly NameSelector[];
  /** As explanations name it: `cnp/shop/web spec.egress[0]`. */
  readonly rule: string;
}

/**
 * Addresses of names that `name` matches are granted to the pod under `identity`. What the pod has been granted under an identity that no
 * element of its set names now, or names for another selector, is void: the proxy removes it before the rules count as in force.
 */
export interface DnsGranted {
  readonly name: NameSelector;
  /** Of the local scope, one for each selector. */
  readonly identity: number;
  /** Seconds for which an answer holds at least. */
  readonly minTtl: number;
  /** Seconds added to that. */
  readonly grace: number;
  /** Names of the CNAME chain are held against the selector as well, not only the one asked for. */
  readonly each: boolean;
}

/** The text of the file. Lists of names that rows share are written once. */
export function rulesText({ format, generation, reject, endpoints, sets }: DnsRules): string {
  const lists = new Map<readonly NameSelector[], number>();
  const listOf = (names: readonly NameSelector[]): number => {
    const known = lists.get(names) ?? lists.size;
    lists.set(names, known);
    return known;
  };
  const written = sets.map(({ set, allowed, granted }) => ({
    set,
    allowed: allowed.map(({ names, ...row }) => ({ ...row, names: names === 'every' ? names : listOf(names) })),
    granted: granted.map(({ name, ...row }) => ({ ...row, name: name.text })),
  }));
  const names = [...lists.keys()].map((list) => list.map(({ text }) => text));
  return `${JSON.stringify({ format, generation, reject, endpoints, names, sets: written })}\n`;
}

/** What `rulesText` wrote. Throws DNS_RULES_INVALID, naming the field, for anything else; `path` is for the message. */
export function parseRules(text: string, path: string): DnsRules {
  const reading = new Reading(path);
  const file = reading.json(text);
  // Before its fields: another format has others.
  const { format: found } = reading.object(file, '');
  if (Number.isInteger(found) && (found as number) > format)
    throw reading.refusal('format', `of a newer version, this one reads ${format}`, found);
  if (found !== format) throw reading.refusal('format', `not ${format}`, found);
  reading.fields(file, '', ['format', 'generation', 'reject', 'endpoints', 'names', 'sets']);
  const generation = reading.whole(file.generation, 'generation', 0, Number.MAX_SAFE_INTEGER);
  const { reject } = file;
  if (reject !== 'refused' && reject !== 'nxdomain') throw reading.refusal('reject', 'neither refused nor nxdomain', reject);
  const lists = reading.list(file.names, 'names', (list, at) => reading.list(list, at, (name, where) => reading.name(name, where)));
  const sets = reading.list(file.sets, 'sets', (set, at) => readSet(reading, set, at, lists));
  const known = new Set(sets.map(({ set }) => set));
  if (known.size !== sets.length) throw reading.refusal('sets', 'a set is there twice', sets.length);
  const endpoints = reading.list(file.endpoints, 'endpoints', (endpoint, at) => readEndpoint(reading, endpoint, at, known));
  return { format, generation, reject, endpoints, sets };
}

/** Undefined when there is no such file. Throws DNS_RULES_INVALID, also for a file that cannot be read; `shown` is its path for the message. */
export async function readRules(path: string, shown = path): Promise<DnsRules | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AgentError('DNS_RULES_INVALID', `DNS rules: ${shown}: cannot be read: ${(error as Error).message}`, { cause: error });
  }
  return parseRules(text, shown);
}

/** Whole or not at all. One writer at a time. */
export async function writeRules(path: string, rules: DnsRules): Promise<void> {
  const next = `${path}.new`;
  try {
    await writeFile(next, rulesText(rules), { mode: 0o600 });
    await rename(next, path);
  } catch (error) {
    throw new AgentError('STATE_UNWRITABLE', `DNS rules: ${path}: cannot be written: ${(error as Error).message}`, { cause: error });
  }
}

function readSet(reading: Reading, value: unknown, at: string, lists: readonly (readonly NameSelector[])[]): DnsSet {
  const row = reading.fields(value, at, ['set', 'allowed', 'granted']);
  return {
    set: reading.whole(row.set, `${at}.set`, 0, 0xffff_ffff),
    allowed: reading.list(row.allowed, `${at}.allowed`, (one, where) => readAllowed(reading, one, where, lists)),
    granted: reading.list(row.granted, `${at}.granted`, (one, where) => readGranted(reading, one, where)),
  };
}

function readAllowed(reading: Reading, value: unknown, at: string, lists: readonly (readonly NameSelector[])[]): DnsAllowed {
  const row = reading.fields(value, at, ['identity', 'protocol', 'port', 'portBits', 'names', 'rule']);
  const portBits = reading.whole(row.portBits, `${at}.portBits`, 0, 16);
  const port = reading.whole(row.port, `${at}.port`, 0, 0xffff);
  if ((port & ((1 << (16 - portBits)) - 1)) !== 0) throw reading.refusal(`${at}.port`, `bits behind the first ${portBits} are set`, port);
  const names = row.names === 'every' ? row.names : lists[reading.whole(row.names, `${at}.names`, 0, lists.length - 1)];
  return {
    identity: reading.whole(row.identity, `${at}.identity`, 0, 0xffff_ffff),
    protocol: reading.whole(row.protocol, `${at}.protocol`, 0, 0xff),
    port,
    portBits,
    names: names as DnsAllowed['names'],
    rule: reading.text(row.rule, `${at}.rule`),
  };
}

function readGranted(reading: Reading, value: unknown, at: string): DnsGranted {
  const row = reading.fields(value, at, ['name', 'identity', 'minTtl', 'grace', 'each']);
  return {
    name: reading.name(row.name, `${at}.name`),
    identity: reading.whole(row.identity, `${at}.identity`, 1, 0xffff_ffff),
    minTtl: reading.whole(row.minTtl, `${at}.minTtl`, 0, 0x7fff_ffff),
    grace: reading.whole(row.grace, `${at}.grace`, 0, 0x7fff_ffff),
    each: reading.truth(row.each, `${at}.each`),
  };
}

function readEndpoint(reading: Reading, value: unknown, at: string, sets: ReadonlySet<number>): DnsEndpoint {
  const row = reading.fields(value, at, ['id', 'namespace', 'pod', 'identity', 'labels', 'addresses', 'set']);
  const set = reading.whole(row.set, `${at}.set`, 0, 0xffff_ffff);
  if (!sets.has(set)) throw reading.refusal(`${at}.set`, 'no set of this file', set);
  return {
    id: reading.whole(row.id, `${at}.id`, 1, 0xffff_ffff),
    namespace: reading.text(row.namespace, `${at}.namespace`),
    pod: reading.text(row.pod, `${at}.pod`),
    identity: reading.whole(row.identity, `${at}.identity`, 0, 0xffff_ffff),
    labels: reading.list(row.labels, `${at}.labels`, (label, where) => reading.text(label, where)),
    addresses: reading.list(row.addresses, `${at}.addresses`, (address, where) => reading.address(address, where)),
    set,
  };
}
