// Entries: how large the policies would be in the datapath, before anything is written there.

import { policySpec } from '../../../datapath/generated/maps.ts';
import { LocalIdentities } from '../../../model/local-identities.ts';
import { Resolver } from '../../../model/policy/resolve/resolver.ts';
import { estimateSize } from '../../../model/policy/resolve/size.ts';
import { IdentityBook } from '../../../testing/identity-book.ts';
import { Manifests } from '../../../testing/manifests.ts';
import { Pods } from '../../../testing/pods.ts';
import { Policies } from '../../../testing/policies.ts';
import { SparePlaces } from '../../../testing/spare-places.ts';
import { Surroundings } from '../../../testing/surroundings.ts';
import { World } from '../../../testing/world.ts';
import type { CheckedDocument } from '../documents.ts';
import { readOptions } from '../read-options.ts';
import { podOfWorkload } from '../workload.ts';

export interface EntryEstimate {
  /** As if all pods were on one node: a node has fewer. */
  readonly endpoints: number;
  readonly total: number;
  readonly capacity: number;
  readonly fits: boolean;
  /** Sets of entries, which pods that policy cannot tell apart share; the largest first. */
  readonly largest: readonly { readonly pod: string; readonly pods: number; readonly ingress: number; readonly egress: number }[];
}

const told = 10;

/** Undefined without pods: then nobody knows whom the policies select. */
export function estimateEntries(documents: readonly CheckedDocument[]): EntryEstimate | undefined {
  const world = new World();
  const manifests = new Manifests(world, { ...readOptions, stored: false });
  for (const { object } of documents) {
    if (object !== undefined)
      manifests.apply({ file: '', object: podOfWorkload(object) ?? object, problems: [], at: () => ({ line: 1, column: 1 }) });
  }
  if (world.pods.size === 0) return undefined;
  const resolver = new Resolver();
  const book = new IdentityBook(resolver);
  const locals = new LocalIdentities();
  new Pods(book, resolver, new SparePlaces(), readOptions.clusterName).settle(world);
  const policies = new Policies(resolver, readOptions.clusterName);
  policies.settle(world);
  new Surroundings(locals, book).settle(world, policies.prefixes);
  // Every name that policies speak of will have been resolved some day.
  for (const identity of locals.sync(
    'names',
    policies.names.map(({ text }) => ({ kind: 'names', names: [text] })),
  ).added)
    book.put(identity);
  resolver.takeChanges();
  const { total, capacity, fits, sets } = estimateSize(resolver.sizes(), Number(policySpec.entries));
  const names = new Map([...world.pods.values()].map(({ endpoint, key }) => [endpoint, key]));
  const largest = sets.slice(0, told).map(({ endpoints, ingress, egress }) => ({
    pod: names.get(endpoints[0]) ?? '',
    pods: endpoints.length,
    ingress,
    egress,
  }));
  return { endpoints: world.pods.size, total, capacity, fits, largest };
}
