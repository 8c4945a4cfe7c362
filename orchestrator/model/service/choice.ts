// Choice: who of the candidates takes new connections, as kube-proxy decides it.
//
//   cluster policy   those that are ready, of them those that hints give to this node or else to its zone
//                    where none is ready: those that end and still serve, whatever the hints say
//   local policy     those of this node that are ready; where none of this node is: those of it that end and still serve

import type { Candidate } from './backends.ts';
import type { NodeFacts } from './rows.ts';

/** In the order of the candidates, which are all of one port. */
export function chosenInCluster(candidates: readonly Candidate[], node: NodeFacts): readonly Candidate[] {
  const ready = chosenAnywhere(candidates);
  if (ready.every(({ standing }) => standing !== 'ready')) return ready;
  return hinted(ready, ({ forNodes }) => forNodes, node.name) ?? hinted(ready, ({ forZones }) => forZones, node.zone) ?? ready;
}

/** The same on every node: without hints. */
export function chosenAnywhere(candidates: readonly Candidate[]): readonly Candidate[] {
  const ready = candidates.filter(({ standing }) => standing === 'ready');
  return ready.length > 0 ? ready : candidates;
}

export function chosenOnNode(candidates: readonly Candidate[], node: NodeFacts): readonly Candidate[] {
  const local = candidates.filter(({ row }) => row.node === node.name);
  const ready = local.filter(({ standing }) => standing === 'ready');
  return ready.length > 0 ? ready : local;
}

/** Hints count when everybody has some and somebody is meant for here. */
function hinted(ready: readonly Candidate[], hintsOf: (candidate: Candidate) => readonly string[], here: string): Candidate[] | undefined {
  if (here === '' || ready.some((candidate) => hintsOf(candidate).length === 0)) return undefined;
  const meant = ready.filter((candidate) => hintsOf(candidate).includes(here));
  return meant.length === 0 ? undefined : meant;
}
