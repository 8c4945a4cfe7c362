// Zone: the names of a cluster's services, as Kubernetes' DNS specification (1.1.0) has them. What is asked is looked up in the objects
// themselves; nothing is prepared, so nothing can be out of date.

import type { V1EndpointSlice, V1Service } from '@kubernetes/client-node';
import type { Record } from './records.ts';

export interface ZoneAnswer {
  readonly rcode: 'NOERROR' | 'NXDOMAIN' | 'REFUSED';
  readonly answers: readonly Record[];
  /** Targets of what is answered, so that nobody has to ask again. */
  readonly additionals: readonly Record[];
}

export type Service = V1Service;
export type Slice = V1EndpointSlice;

const ttl = 5;
const nothing = { rcode: 'NOERROR', answers: [], additionals: [] } as const;
const unknown = { ...nothing, rcode: 'NXDOMAIN' } as const;
const outside = { ...nothing, rcode: 'REFUSED' } as const;

interface Endpoint {
  readonly name: string;
  readonly address: string;
  readonly ports: readonly { readonly name: string; readonly protocol: string; readonly port: number }[];
}

export class Zone {
  readonly domain: string;
  readonly #services = new Map<string, Service>();
  readonly #slices = new Map<string, Map<string, Slice>>();
  readonly #sliceOwners = new Map<string, string>();

  constructor(domain: string) {
    this.domain = domain.toLowerCase();
  }

  /** `key` is `namespace/name`. */
  putService(key: string, service: Service): void {
    this.#services.set(key, service);
  }

  deleteService(key: string): void {
    this.#services.delete(key);
  }

  putSlice(key: string, slice: Slice): void {
    this.deleteSlice(key);
    const service = slice.metadata?.labels?.['kubernetes.io/service-name'];
    if (!service) return;
    const owner = `${slice.metadata?.namespace}/${service}`;
    const slices = this.#slices.get(owner) ?? new Map<string, Slice>();
    slices.set(key, slice);
    this.#slices.set(owner, slices);
    this.#sliceOwners.set(key, owner);
  }

  deleteSlice(key: string): void {
    const owner = this.#sliceOwners.get(key);
    if (owner === undefined) return;
    this.#slices.get(owner)?.delete(key);
    this.#sliceOwners.delete(key);
  }

  /** The answer to a question; names are compared without regard to case and answered as they were asked. */
  answer(name: string, type: string): ZoneAnswer {
    const asked = name.toLowerCase().replace(/\.$/, '');
    if (/\.(in-addr|ip6)\.arpa$/.test(asked)) return this.#reverse(name, asked, type);
    if (asked === this.domain) return nothing;
    if (!asked.endsWith(`.${this.domain}`)) return outside;
    const labels = asked.slice(0, -this.domain.length - 1).split('.');
    if (labels.length === 1 && labels[0] === 'dns-version') return of(type, [{ type: 'TXT', name, ttl, data: '1.1.0' }]);
    const kind = labels.at(-1);
    if (kind === 'svc') return this.#service(name, labels.slice(0, -1), type);
    return kind === 'pod' ? pod(name, labels.slice(0, -1), type) : unknown;
  }

  #service(name: string, labels: readonly string[], type: string): ZoneAnswer {
    if (labels.length === 0) return nothing;
    const namespace = labels.at(-1) as string;
    if (labels.length === 1) return this.#hasNamespace(namespace) ? nothing : unknown;
    const key = `${namespace}/${labels.at(-2)}`;
    const service = this.#services.get(key);
    if (service === undefined) return unknown;
    const rest = labels.slice(0, -2);
    if (rest.length === 0) return this.#addresses(name, key, service, type);
    if (rest.length === 2 && rest.every((label) => label.startsWith('_'))) return this.#ports(name, key, service, rest, type);
    return rest.length === 1 ? this.#endpoint(name, key, service, rest[0], type) : unknown;
  }

  #addresses(name: string, key: string, service: Service, type: string): ZoneAnswer {
    if (service.spec?.type === 'ExternalName') {
      return { ...nothing, answers: [{ type: 'CNAME', name, ttl, data: service.spec.externalName ?? '' }] };
    }
    const addresses = isHeadless(service) ? this.#endpoints(key).map(({ address }) => address) : clusterAddresses(service);
    return of(
      type,
      [...new Set(addresses)].map((address) => addressRecord(name, address)),
    );
  }

  #ports(name: string, key: string, service: Service, [port, protocol]: readonly string[], type: string): ZoneAnswer {
    const isMeant = (one: { name?: string; protocol?: string }) =>
      `_${one.name}` === port && `_${(one.protocol ?? 'TCP').toLowerCase()}` === protocol;
    const target = `${key.split('/').reverse().join('.')}.svc.${this.domain}`;
    if (!isHeadless(service)) {
      const found = (service.spec?.ports ?? []).filter(isMeant);
      if (found.length === 0) return unknown;
      const additionals = clusterAddresses(service).map((address) => addressRecord(target, address));
      return {
        ...of(
          type,
          found.map(({ port: number }) => srv(name, number, target)),
        ),
        additionals: type === 'SRV' ? additionals : [],
      };
    }
    const found = this.#endpoints(key).flatMap((endpoint) =>
      endpoint.ports.filter(isMeant).map((one) => ({ ...endpoint, port: one.port })),
    );
    if (found.length === 0) return unknown;
    const answers = found.map((endpoint) => srv(name, endpoint.port, `${endpoint.name}.${target}`));
    const additionals = found.map((endpoint) => addressRecord(`${endpoint.name}.${target}`, endpoint.address));
    return { ...of(type, answers), additionals: type === 'SRV' ? additionals : [] };
  }

  #endpoint(name: string, key: string, service: Service, label: string, type: string): ZoneAnswer {
    if (!isHeadless(service)) return unknown;
    const found = this.#endpoints(key).filter((endpoint) => endpoint.name === label);
    return found.length === 0
      ? unknown
      : of(
          type,
          found.map(({ address }) => addressRecord(name, address)),
        );
  }

  #reverse(name: string, asked: string, type: string): ZoneAnswer {
    const address = reversed(asked);
    if (address === undefined) return unknown;
    for (const [key, service] of this.#services) {
      const [namespace, own] = key.split('/');
      const target = `${own}.${namespace}.svc.${this.domain}`;
      if (clusterAddresses(service).some((one) => expanded(one) === address)) return of(type, [{ type: 'PTR', name, ttl, data: target }]);
      if (!isHeadless(service)) continue;
      const found = this.#endpoints(key).find((endpoint) => expanded(endpoint.address) === address);
      if (found) return of(type, [{ type: 'PTR', name, ttl, data: `${found.name}.${target}` }]);
    }
    return unknown;
  }

  #hasNamespace(namespace: string): boolean {
    return [...this.#services.keys()].some((key) => key.startsWith(`${namespace}/`));
  }

  /** Those that are ready; a service that publishes others too has them marked so. */
  #endpoints(key: string): Endpoint[] {
    return [...(this.#slices.get(key)?.values() ?? [])].flatMap(({ endpoints, ports }) =>
      (endpoints ?? [])
        .filter(({ conditions }) => conditions?.ready ?? true)
        .flatMap(({ addresses, hostname }) =>
          addresses.map((address) => ({
            address,
            name: hostname || address.replaceAll(/[.:]/g, '-'),
            ports: (ports ?? []).map(({ name = '', protocol = 'TCP', port = 0 }) => ({ name, protocol, port })),
          })),
        ),
    );
  }
}

function pod(name: string, labels: readonly string[], type: string): ZoneAnswer {
  if (labels.length !== 2) return labels.length < 2 ? nothing : unknown;
  const [dashed] = labels;
  const address = /^\d+-\d+-\d+-\d+$/.test(dashed)
    ? dashed.replaceAll('-', '.')
    : /^[0-9a-f-]+$/.test(dashed)
      ? dashed.replaceAll('-', ':')
      : '';
  return isAddress(address) ? of(type, [addressRecord(name, address)]) : unknown;
}

/** Of the records of a name those of the type that was asked for; without one the name is there all the same. */
function of(type: string, records: readonly Record[]): ZoneAnswer {
  return { ...nothing, answers: records.filter((record) => type === 'ANY' || record.type === type) };
}

function isHeadless({ spec }: Service): boolean {
  return spec?.clusterIP === 'None';
}

function clusterAddresses({ spec }: Service): string[] {
  const listed = spec?.clusterIPs ?? (spec?.clusterIP ? [spec.clusterIP] : []);
  return listed.filter((address) => address !== '' && address !== 'None');
}

function addressRecord(name: string, address: string): Record {
  return { type: address.includes(':') ? 'AAAA' : 'A', name, ttl, data: address };
}

function srv(name: string, port: number, target: string): Record {
  return { type: 'SRV', name, ttl, data: { priority: 0, weight: 100, port, target } };
}

function reversed(asked: string): string | undefined {
  const labels = asked.split('.').slice(0, -2).reverse();
  if (asked.endsWith('.in-addr.arpa')) return labels.length === 4 ? expanded(labels.join('.')) : undefined;
  if (labels.length !== 32) return undefined;
  return expanded(labels.join('').replaceAll(/(....)(?=.)/g, '$1:'));
}

/** A text that equal addresses share. */
function expanded(address: string): string | undefined {
  if (!isAddress(address)) return undefined;
  if (!address.includes(':')) return address;
  return new URL(`http://[${address}]`).hostname;
}

function isAddress(address: string): boolean {
  return /^\d+(\.\d+){3}$/.test(address) ? address.split('.').every((part) => Number(part) < 256) : URL.canParse(`http://[${address}]`);
}
