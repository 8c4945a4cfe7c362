// Scenarios of services: objects, and who then answers whom, as data. All of them are there at once, and `play.ts` asks.

/** Addresses of a pod or a node. */
export type At = (name: string, family: 4 | 6) => string;

export interface ServiceScenario {
  /** A sentence. */
  readonly name: string;
  /** Tellers listen on `port` and the seven after it for this scenario alone, and answers of others are wrong. */
  readonly objects: (port: number, at: At) => readonly object[];
  /** Those that are there before the others. */
  readonly older?: (port: number) => readonly object[];
  /**
   * `FROM TO TRAFFIC ANSWER`, as in `client web tcp/80 near|far`. From: `client` and `client-b` are pods, `near` one that also answers,
   * `host-a` and `host-b` nodes, `world` (192.0.2.1) and `world-2` (198.51.100.1). To: a service by its cluster addresses, `web.balancer`,
   * `web.external`, a node, a pod. Traffic: `tcp/N`, `udp/N`, `sent/N` (datagrams of a socket that is not connected), `http/N`, `dns`.
   * Answer: `near|far` both of them, again and again; `near/far` one of them, the same every time; `refused`; `nothing`; `gone`, one or the
   * other; `unserved`, refused to all but a socket that is connected to nobody where services are chosen packet by packet. `near+1` says so
   * at the second of the ports, `near:7001` at that one. `near<node-a` saw that one as its client; without that, the client itself;
   * `near<itself` itself too, but hidden where packets that come back to their sender are translated. `host-a` is what the world says of a
   * client that came from there. Of http the status with the weight: `200:1`; of dns pods whose addresses it is, or `none`.
   */
  readonly expect: readonly string[];
  /** What an agent says of a service, and why nobody answers there: `a web WHY`, or `a web none` when it says nothing of it. */
  readonly told?: readonly string[];
  /** What every agent warns of, once, in words that no other warning has. */
  readonly warned?: readonly string[];
  readonly family?: 4 | 6;
}

const namespace = 'shop';

/** Of pods of the tellers' label, both families, one TCP port, unless it says otherwise. */
export function service(name: string, spec: object = {}, metadata: object = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, ...metadata },
    spec: { selector: { app: 'teller' }, ipFamilyPolicy: 'PreferDualStack', ...spec },
  };
}

/** As `service`, and nobody but `slices` says who answers. */
export const bare = (name: string, spec: object = {}, metadata: object = {}) => service(name, { selector: undefined, ...spec }, metadata);

interface Backend {
  /** Of whom the addresses are. */
  readonly pod: string;
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
  readonly zones?: readonly string[];
}

const nodeOf = (pod: string): string => (/^(near|unready)/.test(pod) ? 'a' : 'b');

/** One slice for each family, as a controller would write them. */
export function slices(
  name: string,
  ports: readonly { name?: string; port: number; protocol?: string }[],
  backends: readonly Backend[],
  { at, annotations, suffix = '' }: { at: At; annotations?: object; suffix?: string },
) {
  return ([4, 6] as const).map((family) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...{ name: `${name}-${family}${suffix}`, namespace, labels: { 'kubernetes.io/service-name': name } },
      ...(annotations && { annotations }),
    },
    addressType: `IPv${family}`,
    ports,
    endpoints: backends.map(({ pod, conditions = { ready: true }, zones }) => ({
      addresses: [at(pod, family)],
      conditions,
      nodeName: nodeOf(pod),
      ...(zones && { hints: { forZones: zones.map((zone) => ({ name: zone })) } }),
    })),
  }));
}
