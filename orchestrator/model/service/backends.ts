// Backends: who may answer at one port of a service, of all its slices together.

import { type BackendRow, familyOf, type SliceEndpointFacts, type SliceFacts, socketKey } from './rows.ts';

/** Who takes connections, or ends those that it has. */
export interface Candidate {
  readonly row: BackendRow;
  /** ready: takes new connections. ending: it ends and still serves, which is better than nobody. */
  readonly standing: 'ready' | 'ending';
  readonly weight: number;
  readonly forNodes: readonly string[];
  readonly forZones: readonly string[];
}

/** What is neither ready nor serving while it ends is none. Sorted by key; each once. */
export function candidatesOf(
  slices: readonly SliceFacts[],
  port: { readonly name: string; readonly protocol: number },
  family: 4 | 6,
): Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const slice of slices) {
    for (const { name, protocol, port: number } of slice.ports) {
      if (name !== port.name || protocol !== port.protocol || number === undefined) continue;
      for (const endpoint of slice.endpoints) {
        const candidate = candidateOf(endpoint, slice.weight, protocol, number, family);
        if (candidate === undefined) continue;
        const before = candidates.get(candidate.row.key);
        candidates.set(candidate.row.key, before === undefined ? candidate : better(before, candidate));
      }
    }
  }
  return [...candidates.values()].sort((a, b) => (a.row.key < b.row.key ? -1 : 1));
}

/** Everybody whom slices name, whatever service asks for it. Keys may be there more than once. */
export function namedRows(slices: readonly SliceFacts[]): BackendRow[] {
  return slices.flatMap(({ endpoints, ports, weight }) =>
    endpoints.flatMap((endpoint) =>
      ports.flatMap(({ protocol, port }) => {
        const [address] = endpoint.addresses;
        if (address === undefined || port === undefined) return [];
        return candidateOf(endpoint, weight, protocol, port, familyOf(address))?.row ?? [];
      }),
    ),
  );
}

function candidateOf(
  { addresses: [address], isReady, isServing, isTerminating, node, zone, forNodes, forZones }: SliceEndpointFacts,
  weight: number,
  protocol: number,
  port: number,
  family: 4 | 6,
): Candidate | undefined {
  if (address === undefined || familyOf(address) !== family) return undefined;
  if (!isReady && !(isTerminating && isServing)) return undefined;
  const state = isTerminating ? 'draining' : 'active';
  const row: BackendRow = { key: socketKey(address, protocol, port), address, protocol, port, node, zone, state };
  return { row, standing: isReady ? 'ready' : 'ending', weight, forNodes, forZones };
}

/** An endpoint that moves from slice to slice is in both for a moment: the order of slices decides nothing. */
function better(a: Candidate, b: Candidate): Candidate {
  const standing = a.standing === 'ready' || b.standing === 'ready' ? 'ready' : 'ending';
  const row = betterRow(a.row, b.row);
  const isHintEqual = `${a.forNodes};${a.forZones}` === `${b.forNodes};${b.forZones}`;
  // Hints that contradict each other are none.
  const hints = isHintEqual ? { forNodes: a.forNodes, forZones: a.forZones } : { forNodes: [], forZones: [] };
  return { row, standing, weight: Math.max(a.weight, b.weight), ...hints };
}

/** Of two rows of one backend, also of two services. */
export function betterRow(a: BackendRow, b: BackendRow): BackendRow {
  if (a.state !== b.state) return a.state === 'active' ? a : b;
  // One that says where it is knows more.
  if ((a.node === '') !== (b.node === '')) return a.node === '' ? b : a;
  return a.node + a.zone <= b.node + b.zone ? a : b;
}

/** Why none of the slices has anybody for a port. */
export function whyNobody(
  slices: readonly SliceFacts[],
  port: { readonly name: string; readonly protocol: number },
  family: 4 | 6,
): string {
  if (slices.length === 0) return 'no endpoint slice names this service';
  const endpoints = slices.flatMap((slice) => slice.endpoints);
  if (endpoints.length === 0) return 'no pod is selected, or none has an address';
  const ofFamily = endpoints.filter(({ addresses: [address] }) => address !== undefined && familyOf(address) === family);
  if (ofFamily.length === 0) return `none of ${count(endpoints.length)} has an IPv${family} address`;
  const isNamed = slices.some(({ ports }) => ports.some(({ name, protocol }) => name === port.name && protocol === port.protocol));
  if (!isNamed) return port.name === '' ? 'no endpoint has a port without a name' : `no endpoint has a port "${port.name}"`;
  return `none of ${count(ofFamily.length)} is ready`;
}

export function count(endpoints: number): string {
  return endpoints === 1 ? '1 endpoint' : `${endpoints} endpoints`;
}
