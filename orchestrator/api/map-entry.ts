// Map entries for people: addresses as text, ports as numbers, numbers of the core by name, expiries as what is left of them.

import {
  BackendState,
  ConfigFlag,
  ConntrackFlag,
  directionName,
  EndpointFlag,
  FrontendFlag,
  Hint,
  METRIC_EVENTS_LOST,
  NODE_MODE_NATIVE,
  NODE_MODE_OVERLAY,
  precedenceName,
  protocolName,
  reasonName,
  Scope,
  TranslationFlag,
} from '../datapath/generated/enums.ts';
import type { FlowKey, PolicyEntry, PolicyKey, SourceRangeKey } from '../datapath/generated/layouts.ts';
import type { MapSpec } from '../datapath/layout.ts';
import { entryRow } from '../datapath/reconcile/policy-entry.ts';
import { type AddressWords, prefixText, swapPort, wordText } from '../net/words.ts';

type Fields = Record<string, unknown>;

/** Ports in network order; a `port` elsewhere is a number of an interface. */
const networkPorts = new Set([
  'sourcePort',
  'destinationPort',
  'lowPort',
  'highPort',
  'frontendPort',
  'backendPort',
  'clientPort',
  'proxyPort',
  'tunnelPort',
]);
const mapsOfPorts = new Set(['frontends', 'backends']);
const modes: Readonly<Record<number, string>> = { [NODE_MODE_NATIVE]: 'native', [NODE_MODE_OVERLAY]: 'overlay' };
/** Map → names of the bits in its `flags`. */
const flagNames: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  config: ConfigFlag,
  conntrack: ConntrackFlag,
  endpoints: EndpointFlag,
  frontends: FrontendFlag,
  translations: TranslationFlag,
};
/** Low halves of v4-mapped addresses. */
const mapped = new Set(['hairpin4', 'router4']);
const macs = new Set(['mac', 'gatewayMac', 'hostMac']);

export interface ShownEntry {
  readonly key: unknown;
  readonly value: unknown;
}

/** `now`: the datapath's tick. */
export function shownEntry(spec: MapSpec, key: unknown, value: unknown, now: number): ShownEntry {
  const show = (part: unknown) => (isFields(part) ? shownFields(part, spec.name, now) : part);
  switch (spec.name) {
    case 'ipcache':
      return { key: { prefix: prefixText(key as Parameters<typeof prefixText>[0]) }, value: show(value) };
    case 'source_ranges': {
      const { service, ...range } = key as SourceRangeKey;
      return { key: { service, range: prefixText({ ...range, zone: 0 }) }, value: show(value) };
    }
    case 'policy':
      return policyEntry(key as PolicyKey, value as PolicyEntry);
    case 'conntrack':
      return conntrackEntry(key as FlowKey, show(value) as Fields);
    case 'metrics':
      return { key: metricKey(key as number), value: show(value) };
    default:
      return { key: show(key), value: show(value) };
  }
}

/** The bits that the prefix fixes, as a protocol and a range of ports. */
function policyEntry(key: PolicyKey, value: PolicyEntry): ShownEntry {
  const { set, identity, direction, protocol, anyProtocol, port, portBits, rule, proxyPort, precedence } = entryRow(key, value);
  const last = port + 2 ** (16 - portBits) - 1;
  const ports = portBits === 0 ? 'any' : portBits === 16 ? String(port) : `${port}-${last}`;
  return {
    key: {
      set,
      direction,
      identity: identity === 0 ? 'any' : identity,
      protocol: anyProtocol ? 'any' : (protocolName(protocol) ?? protocol),
      port: ports,
    },
    value: { verdict: precedenceName(precedence) ?? precedence, rule, ...(proxyPort !== 0 && { proxyPort }) },
  };
}

/** A flow from who opened it to who answers, without what is not in use. */
function conntrackEntry(key: FlowKey, value: Fields): ShownEntry {
  const low = endText({ hi: key.lowHi, lo: key.lowLo }, key.lowPort);
  const high = endText({ hi: key.highHi, lo: key.highLo }, key.highPort);
  const flags = value.flags as string[];
  const [from, to] = flags.includes('originHigh') ? [high, low] : [low, high];
  const rest = Object.entries(value).filter(([name, field]) => !bookkeeping.has(name) && field !== 0 && field !== '' && field !== 0n);
  return {
    key: { protocol: protocolName(key.protocol) ?? key.protocol, from, to },
    value: Object.fromEntries(
      rest.map(([name, field]) => [name, name === 'flags' ? flags.filter((flag) => flag !== 'originHigh') : field]),
    ),
  };
}

const bookkeeping = new Set(['originEpoch', 'responderEpoch', 'originPort', 'responderPort', 'renewed', 'generation']);

function endText(words: AddressWords, port: number): string {
  const text = wordText(words);
  return `${text.includes(':') ? `[${text}]` : text}:${swapPort(port)}`;
}

function shownFields(fields: Fields, map: string, now: number): Fields {
  const shown: Fields = {};
  for (const [name, value] of Object.entries(fields)) {
    const address = addressField(fields, name);
    if (address === '') continue;
    if (address !== undefined) shown[address.name] = address.text;
    else shown[name] = shownField(name, value, map, now);
  }
  return shown;
}

/** A pair of words `sourceHi`, `sourceLo` is shown as one `source`; '' for the second word of one. */
function addressField(fields: Fields, name: string): { name: string; text: string } | '' | undefined {
  const [, stem, half] = /^(.*?)(hi|Hi|lo|Lo)$/.exec(name) ?? [];
  if (stem === undefined || half === undefined || (half === 'hi' || half === 'lo') !== (stem === '')) return undefined;
  const [hi, lo] = stem === '' ? [fields.hi, fields.lo] : [fields[`${stem}Hi`], fields[`${stem}Lo`]];
  if (typeof hi !== 'bigint' || typeof lo !== 'bigint') return undefined;
  if (half.toLowerCase() === 'lo') return '';
  return { name: stem === '' || stem === 'address' ? 'address' : stem, text: hi === 0n && lo === 0n ? '' : wordText({ hi, lo }) };
}

function shownField(name: string, value: unknown, map: string, now: number): unknown {
  if (typeof value === 'bigint') return macs.has(name) ? macText(value) : mapped.has(name) ? mappedText(value) : value;
  if (typeof value !== 'number') return value;
  if (networkPorts.has(name) || (name === 'port' && mapsOfPorts.has(map))) return swapPort(value);
  if (name === 'protocol') return protocolName(value) ?? value;
  if (name === 'direction') return directionName(value) ?? value;
  if (name === 'mode' && map === 'nodes') return modes[value] ?? value;
  if (name === 'state' && map === 'backends') return nameIn(BackendState, value);
  if (name === 'scope') return nameIn(Scope, value);
  if (name === 'hints') return bitNames(Hint, value);
  if (name === 'flags' && flagNames[map]) return bitNames(flagNames[map], value);
  if (/^expires\d?$/.test(name)) return value === 0 ? 'never set' : secondsLeft(value, now);
  return value;
}

/** 2^24 ns a tick. */
function secondsLeft(expires: number, now: number): string {
  const seconds = Math.round((((expires - now) | 0) * 2 ** 24) / 1e9);
  return seconds < 0 ? `${-seconds}s ago` : `in ${seconds}s`;
}

function metricKey(index: number): Fields {
  if (index === METRIC_EVENTS_LOST) return { reason: 'events lost' };
  return { reason: reasonName(index >> 1) ?? index >> 1, direction: directionName(index & 1) };
}

function macText(mac: bigint): string {
  return Array.from({ length: 6 }, (_, at) =>
    Number((mac >> BigInt(8 * at)) & 0xffn)
      .toString(16)
      .padStart(2, '0'),
  ).join(':');
}

/** The second word of a mapped address. */
function mappedText(lo: bigint): string {
  return lo === 0n ? '' : wordText({ hi: 0n, lo });
}

function nameIn(names: Readonly<Record<string, number>>, value: number): string | number {
  return Object.entries(names).find(([, number]) => number === value)?.[0] ?? value;
}

/** Bits without a name as one number more. */
function bitNames(names: Readonly<Record<string, number>>, value: number): string[] {
  const known = Object.entries(names).filter(([, bit]) => (value & bit) !== 0);
  const rest = known.reduce((bits, [, bit]) => bits & ~bit, value) >>> 0;
  return [...known.map(([name]) => name), ...(rest === 0 ? [] : [`0x${rest.toString(16)}`])];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
