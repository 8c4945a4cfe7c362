// Meaning: what the maps of a node say, with names in the place of numbers that only one life gives: sets, rules, local identities, nodes.

import { endpointsSpec, ipcacheSpec, nodesSpec, policySpec } from '../../orchestrator/datapath/generated/maps.ts';
import { prefixText, wordText } from '../../orchestrator/net/words.ts';
import type { TestNode } from './node.ts';

const localScope = 0x1000000;

export async function meaningOf({ datapath, enforcement }: TestNode): Promise<unknown> {
  const identity = (number: number): string => {
    if (number < localScope) return `${number}`;
    const row = enforcement.view.identities.table.get(number);
    return row === undefined ? `nobody (${number})` : `${row.prefix} ${row.labels}`;
  };
  const nodes = new Map<number, string>();
  for await (const [number, { addressHi, addressLo, mode }] of datapath.map(nodesSpec).entries()) {
    nodes.set(number, `${wordText({ hi: addressHi, lo: addressLo })} ${mode}`);
  }
  const sets = new Map<number, string[]>();
  for await (const [key, { rule, matchLength, precedence, proxyPort }] of datapath.map(policySpec).entries()) {
    const text = [
      key.direction,
      identity(key.identity),
      key.protocol,
      key.port,
      key.prefixLength,
      matchLength,
      precedence,
      proxyPort,
      enforcement.ruleText(rule) ?? `no rule ${rule}`,
    ].join(' ');
    sets.set(key.set, [...(sets.get(key.set) ?? []), text]);
  }
  for (const rows of sets.values()) rows.sort();
  const endpoints: Record<string, unknown> = {};
  const used = new Set<number>();
  for await (const [key, row] of datapath.map(endpointsSpec).entries()) {
    used.add(row.policySet);
    endpoints[wordText(key)] = { ...row, policySet: sets.get(row.policySet) ?? [], mac: `${row.mac}`, gatewayMac: `${row.gatewayMac}` };
  }
  const prefixes: Record<string, string> = {};
  for await (const [key, row] of datapath.map(ipcacheSpec).entries()) {
    prefixes[prefixText(key)] =
      `${identity(row.identity)} behind ${row.node === 0 ? 'nothing' : (nodes.get(row.node) ?? `no node ${row.node}`)}`;
  }
  const view = Object.fromEntries([...enforcement.view.endpoints.table.rows()].map((row) => [row.endpoint, { ...row, revision: 0 }]));
  const policies = Object.fromEntries([...enforcement.view.policies.table.rows()].map((row) => [row.policy, row.selects]));
  return {
    endpoints: sorted(endpoints),
    prefixes: sorted(prefixes),
    nodes: [...nodes.values()].sort(),
    unused: [...sets.keys()].filter((set) => !used.has(set)),
    view,
    policies: sorted(policies),
  };
}

function sorted<V>(record: Record<string, V>): Record<string, V> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
