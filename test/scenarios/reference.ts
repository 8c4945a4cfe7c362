// Reference: what the simulated cluster says of a scenario, asked once as each node sees it. A scenario's own expectations have to agree.

import { openCluster } from '../../orchestrator/testing/exports.ts';
import type { Attempt } from './stage.ts';
import { world as manifests } from './stage.ts';

export interface Expected {
  readonly verdict: 'allow' | 'deny';
  /** Rules that the two ends name; undefined where an end has no policy here, or none speaks of that direction. */
  readonly egress: string | undefined;
  readonly ingress: string | undefined;
}

export interface Reference {
  judge(attempt: Attempt): Expected;
  close(): Promise<void>;
}

const world: Readonly<Record<string, readonly string[]>> = {
  world: ['192.0.2.1', '2001:db8::1'],
  'world-2': ['198.51.100.1', '2001:db8:1::1'],
};
const nodes: Readonly<Record<string, readonly string[]>> = { a: ['172.31.0.1', 'fd31::1'], b: ['172.31.0.2', 'fd31::2'] };

export async function openReference(policies: string, nodeOf: (name: string) => string | undefined): Promise<Reference> {
  const open = async (local: string) => {
    const cluster = await openCluster({});
    for (const [name, ip] of Object.entries(nodes)) cluster.node(`host-${name}`, { ip, local: name === local });
    cluster.apply(...manifests);
    if (policies !== '') cluster.apply(policies);
    return cluster;
  };
  const clusters: Record<string, Awaited<ReturnType<typeof open>>> = { a: await open('a'), b: await open('b') };
  const place = (name: string, family: 4 | 6) =>
    world[name]?.[family === 4 ? 0 : 1] ?? (name.startsWith('host-') ? name : `${name === 'visitor' ? 'other' : 'shop'}/${name}`);
  return {
    judge({ from, to, protocol, port, family }) {
      const target = to === 'service' ? 'echo' : to;
      const question = {
        from: place(from, family),
        to: place(target, family),
        family,
        protocol: protocol === 'icmp' && family === 6 ? ('icmpv6' as const) : protocol,
        ...(protocol === 'icmp' ? {} : { port: to === 'service' ? 8080 : port }),
      };
      const [sender, receiver] = [nodeOf(from), nodeOf(target)];
      const egress = sender === undefined ? undefined : clusters[sender].flow(question).egress;
      const ingress = receiver === undefined ? undefined : clusters[receiver].flow(question).ingress;
      const isAllowed = egress?.verdict !== 'deny' && ingress?.verdict !== 'deny';
      return { verdict: isAllowed ? 'allow' : 'deny', egress: egress?.rule, ingress: ingress?.rule };
    },
    close: async () => {
      for (const cluster of Object.values(clusters)) await cluster.close();
    },
  };
}
