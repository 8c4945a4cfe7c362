// Backends: who answers at one port of a service, of all its slices together.

import { type BackendRow, type SliceFacts, socketKey } from './rows.ts';

export interface PortBackends {
  /** Keys of those that take new connections, sorted. */
  readonly chosen: readonly string[];
  /** These and the ones that only end what they have. */
  readonly rows: readonly BackendRow[];
}

type Standing = 'ready' | 'ending';
interface Candidate {
  readonly row: BackendRow;
  readonly standing: Standing;
}

/**
 * Those that are ready are chosen. Where none is, those that end and still serve are: better than nobody. What is neither ready nor serving
 * while it ends is no backend.
 */
export function portBackends(
  slices: readonly SliceFacts[],
  port: { readonly name: string; readonly protocol: number },
  family: 4 | 6,
): PortBackends {
  const candidates = new Map<string, Candidate>();
  for (const slice of slices) {
    for (const { name, protocol, port: number } of slice.ports) {
      if (name !== port.name || protocol !== port.protocol || number === undefined) continue;
      for (const candidate of sliceCandidates(slice, protocol, number, family)) {
        const before = candidates.get(candidate.row.key);
        candidates.set(candidate.row.key, before === undefined ? candidate : better(before, candidate));
      }
    }
  }
  const all = [...candidates.values()].sort((a, b) => (a.row.key < b.row.key ? -1 : 1));
  const ready = all.filter(({ standing }) => standing === 'ready');
  const chosen = ready.length > 0 ? ready : all;
  return { chosen: chosen.map(({ row }) => row.key), rows: all.map(({ row }) => row) };
}

function sliceCandidates({ endpoints }: SliceFacts, protocol: number, port: number, family: 4 | 6): Candidate[] {
  return endpoints.flatMap(({ addresses: [address], isReady, isServing, isTerminating, node, zone }) => {
    if (address === undefined || familyOf(address) !== family) return [];
    const standing: Standing | undefined = isReady ? 'ready' : isTerminating && isServing ? 'ending' : undefined;
    if (standing === undefined) return [];
    const state = isTerminating ? 'draining' : 'active';
    return [{ standing, row: { key: socketKey(address, protocol, port), address, protocol, port, node, zone, state } }];
  });
}

/** An endpoint that moves from slice to slice is in both for a moment: the order of slices decides nothing. */
function better(a: Candidate, b: Candidate): Candidate {
  const standing = a.standing === 'ready' || b.standing === 'ready' ? 'ready' : 'ending';
  return { standing, row: betterRow(a.row, b.row) };
}

/** Of two rows of one backend, also of two services. */
export function betterRow(a: BackendRow, b: BackendRow): BackendRow {
  if (a.state !== b.state) return a.state === 'active' ? a : b;
  return a.node + a.zone <= b.node + b.zone ? a : b;
}

export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
