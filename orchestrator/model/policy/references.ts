// References: what policies refer to but do not say themselves: services, their addresses, and groups of prefixes.

import { type Prefix, parsePrefix } from '../../net/prefix.ts';
import { Labels } from '../labels.ts';
import { isMeant } from './translate/prefixes.ts';

export interface ServiceFact {
  readonly namespace: string;
  readonly name: string;
  /** Of the service itself, source `k8s`. */
  readonly labels: Labels;
  /** Labels of the pods behind it; empty: its addresses come from slices that somebody else writes. */
  readonly selector: ReadonlyMap<string, string>;
}

/** A slice, or the older Endpoints: addresses behind a service. */
export interface AddressFact {
  readonly namespace: string;
  readonly service: string;
  readonly prefixes: readonly Prefix[];
}

export interface GroupFact {
  readonly name: string;
  /** Source `cidrgroup`. */
  readonly labels: Labels;
  readonly prefixes: readonly Prefix[];
}

/** Each by the key that `readReference` gives. */
export interface References {
  readonly services: ReadonlyMap<string, ServiceFact>;
  readonly addresses: ReadonlyMap<string, AddressFact>;
  readonly groups: ReadonlyMap<string, GroupFact>;
  /** The cluster whose pods services select. */
  readonly cluster: string;
}

export type Reference =
  | { readonly table: 'services'; readonly key: string; readonly fact: ServiceFact }
  | { readonly table: 'addresses'; readonly key: string; readonly fact: AddressFact }
  | { readonly table: 'groups'; readonly key: string; readonly fact: GroupFact };

type Fields = Readonly<Record<string, unknown>>;

/** Of a Service, EndpointSlice, Endpoints or CiliumCIDRGroup; undefined for any other object. What is no address in them is left out. */
export function readReference(object: unknown): Reference | undefined {
  const { apiVersion, kind, metadata, ...rest } = fields(object);
  const meta = fields(metadata);
  const name = text(meta.name);
  const namespace = text(meta.namespace) || 'default';
  switch (`${text(apiVersion)}/${text(kind)}`) {
    case 'v1/Service':
      return { table: 'services', key: `${namespace}/${name}`, fact: readService(namespace, name, meta, fields(rest.spec)) };
    case 'discovery.k8s.io/v1/EndpointSlice':
      return { table: 'addresses', key: `slice ${namespace}/${name}`, fact: readSlice(namespace, meta, rest) };
    case 'v1/Endpoints':
      return { table: 'addresses', key: `endpoints ${namespace}/${name}`, fact: readEndpoints(namespace, name, rest) };
    case 'cilium.io/v2/CiliumCIDRGroup':
    case 'cilium.io/v2alpha1/CiliumCIDRGroup':
      return { table: 'groups', key: name, fact: readGroup(name, meta, fields(rest.spec)) };
    default:
      return undefined;
  }
}

/** Later objects take the place of earlier ones of the same name. */
export function collectReferences(objects: Iterable<unknown>, cluster: string): References {
  const services = new Map<string, ServiceFact>();
  const addresses = new Map<string, AddressFact>();
  const groups = new Map<string, GroupFact>();
  for (const object of objects) {
    const reference = readReference(object);
    if (reference?.table === 'services') services.set(reference.key, reference.fact);
    if (reference?.table === 'addresses') addresses.set(reference.key, reference.fact);
    if (reference?.table === 'groups') groups.set(reference.key, reference.fact);
  }
  return { services, addresses, groups, cluster };
}

/** A name that DNS answers for has no pods and no addresses here, whatever selector it carries. */
function readService(namespace: string, name: string, meta: Fields, spec: Fields): ServiceFact {
  const selector = text(spec.type) === 'ExternalName' ? [] : texts(spec.selector);
  return { namespace, name, labels: labelsOf('k8s', meta), selector: new Map(selector) };
}

function readSlice(namespace: string, meta: Fields, { addressType, endpoints }: Fields): AddressFact {
  const service = new Map(texts(meta.labels)).get('kubernetes.io/service-name') ?? '';
  const isAddress = text(addressType) !== 'FQDN';
  const addresses = list(endpoints)
    .map(fields)
    .filter(({ conditions }) => takesConnections(fields(conditions)))
    .flatMap((endpoint) => list(endpoint.addresses));
  return { namespace, service, prefixes: isAddress ? prefixesOf(addresses) : [] };
}

/** Absent: ready. One that is shutting down serves until it is gone. */
function takesConnections({ ready, serving, terminating }: Fields): boolean {
  return ready !== false || (serving === true && terminating === true);
}

function readEndpoints(namespace: string, service: string, { subsets }: Fields): AddressFact {
  const addresses = list(subsets).flatMap((subset) => list(fields(subset).addresses).map((address) => fields(address).ip));
  return { namespace, service, prefixes: prefixesOf(addresses) };
}

function readGroup(name: string, meta: Fields, spec: Fields): GroupFact {
  return { name, labels: labelsOf('cidrgroup', meta), prefixes: prefixesOf(list(spec.externalCIDRs)) };
}

function prefixesOf(values: readonly unknown[]): Prefix[] {
  const found = new Map<string, Prefix>();
  for (const value of values) {
    try {
      const prefix = parsePrefix(text(value));
      if (isMeant(prefix)) found.set(prefix.text, prefix);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  return [...found.values()];
}

function labelsOf(source: string, meta: Fields): Labels {
  return new Labels(texts(meta.labels).map(([key, value]) => ({ source, key, value })));
}

function texts(value: unknown): [string, string][] {
  return Object.entries(fields(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
