// Declarations: facts that a test states in its own words, without manifests.

import { ticks } from '../datapath/clock.ts';
import { AgentError } from '../errors.ts';
import { type ReservedName, reserved } from '../model/identity.ts';
import { type Protocol, protocolNumbers } from './message.ts';
import { isAddress, type Place, parsePlace } from './place.ts';
import type { World } from './world.ts';

export interface NamespaceDeclaration {
  readonly labels?: Readonly<Record<string, string>>;
}

export interface PodDeclaration {
  readonly labels?: Readonly<Record<string, string>>;
  /** An address, or one of each family. A pod without one gets some that nobody else has. */
  readonly ip?: string | readonly string[];
  readonly ports?: readonly PortDeclaration[];
  /** `default` unless given. */
  readonly serviceAccount?: string;
}

export interface PortDeclaration {
  readonly name: string;
  readonly port: number;
  /** `tcp` unless given. */
  readonly protocol?: Protocol | Uppercase<Protocol>;
}

export interface NodeDeclaration {
  readonly ip: string | readonly string[];
  /** The API server runs on it. */
  readonly apiServer?: boolean;
  /** The node on which the pods are: to them it is the `host`, other nodes are `remote-node`. */
  readonly local?: boolean;
}

export interface OutsideDeclaration {
  /** A word for it in questions, beside the address itself. */
  readonly name?: string;
  /** DNS names that every pod was told for it, for ever; `answer` knows more. */
  readonly names?: readonly string[];
  /** What it is, if it is not just outside: `kube-apiserver` alone is outside the cluster, with `remote-node` on a node. */
  readonly reserved?: readonly ReservedName[];
}

export interface AnswerDeclaration {
  /** Who asked; every pod unless given. */
  readonly pod?: string;
  readonly name: string;
  readonly addresses: readonly string[];
  /** Seconds for which it counts; for ever unless given. */
  readonly ttl?: number;
}

const namePattern = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

export class Declarations {
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  namespace(name: string, { labels = {} }: NamespaceDeclaration): string {
    this.world.namespaces.set(checkName('namespace', name), { ...labels });
    this.world.versions.places += 1;
    return name;
  }

  pod(name: string, { labels = {}, ip = [], ports = [], serviceAccount = 'default' }: PodDeclaration): string {
    const key = podKey(name);
    const [namespace = '', own = ''] = key.split('/');
    this.world.pods.set(key, {
      key,
      namespace,
      name: own,
      labels: { ...labels },
      serviceAccount,
      ports: ports.map(({ name: word, port, protocol = 'tcp' }) => ({
        name: word.toLowerCase(),
        port,
        protocol: protocolNumbers[protocol.toLowerCase() as Protocol] ?? invalid(`pod ${key}: ports: no such protocol: "${protocol}"`),
      })),
      places: placesOf(`pod ${key}`, typeof ip === 'string' ? [ip] : ip),
      endpoint: this.world.pods.get(key)?.endpoint ?? this.world.nextEndpoint(),
    });
    this.world.versions.places += 1;
    return key;
  }

  node(name: string, { ip, apiServer = false, local = false }: NodeDeclaration): string {
    const kinds: ReservedName[] = local ? ['host'] : ['remote-node'];
    if (apiServer) kinds.push('kube-apiserver');
    const places = placesOf(`node ${name}`, typeof ip === 'string' ? [ip] : ip);
    this.world.outside.set(checkName('node', name), { name, places, reserved: kinds });
    this.world.versions.places += 1;
    return name;
  }

  outside(address: string, { name, names = [], reserved: kinds = [] }: OutsideDeclaration): string {
    const [place] = placesOf('outside', [address]) as [Place];
    for (const kind of kinds) if (!Object.hasOwn(reserved, kind)) invalid(`outside ${address}: reserved: no such kind: "${kind}"`);
    this.world.outside.set(name ?? place.text, { name, places: [place], reserved: [...kinds] });
    this.world.versions.places += 1;
    for (const one of names) this.answer({ name: one, addresses: [address] });
    return name ?? place.text;
  }

  answer({ pod, name, addresses, ttl }: AnswerDeclaration): void {
    if (ttl !== undefined && !(ttl >= 0)) invalid(`answer ${name}: ttl: not a number of seconds: ${ttl}`);
    const expires = ttl === undefined || ttl === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : this.world.now + ticks(ttl);
    const places = placesOf(`answer ${name}`, addresses);
    this.world.answers.push({ pod: pod === undefined ? undefined : podKey(pod), name, places, expires });
    this.world.versions.answers += 1;
  }
}

/** `default/` is what a name without a namespace is in. */
export function podKey(name: string): string {
  const parts = name.includes('/') ? name.split('/') : ['default', name];
  if (parts.length !== 2 || !parts.every((part) => namePattern.test(part))) invalid(`pod: not a name, or namespace/name: "${name}"`);
  return parts.join('/');
}

function checkName(kind: string, name: string): string {
  return namePattern.test(name) && !isAddress(name) ? name : invalid(`${kind}: not a name: "${name}"`);
}

function placesOf(where: string, addresses: readonly string[]): Place[] {
  return addresses.map((address) => {
    try {
      return parsePlace(address);
    } catch {
      return invalid(`${where}: not an address: "${address}"`);
    }
  });
}

function invalid(message: string): never {
  throw new AgentError('WORLD_INVALID', message);
}
