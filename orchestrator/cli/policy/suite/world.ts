// The world of a test: what it was given, put into an empty cluster.

import { dirname, join } from 'node:path';
import type { Document } from '../../../manifests/document.ts';
import { readManifestFiles } from '../../../manifests/files.ts';
import type { LocatedProblem } from '../../../manifests/problem-text.ts';
import type { FieldPath } from '../../../model/policy/problem.ts';
import type { Cluster } from '../../../testing/cluster.ts';
import { declareWord } from '../asked-peer.ts';
import { addDocument } from '../cluster-documents.ts';
import { checkDocument } from '../documents.ts';
import { isSuiteName } from '../inputs.ts';
import { parsePort, reservedPeers } from '../peer.ts';
import type { PlacedTest } from './read.ts';
import type { Given, Step } from './schema.ts';

/** Files are read once for all tests of a suite and all engines. */
export class SuiteFiles {
  private readonly folder: string;
  private readonly read = new Map<string, Promise<Document[]>>();

  constructor(suitePath: string) {
    this.folder = suitePath === '-' ? '.' : dirname(suitePath);
  }

  documents(pattern: string): Promise<Document[]> {
    const path = join(this.folder, pattern);
    let documents = this.read.get(path);
    if (documents === undefined) {
      documents = readManifestFiles([path]).then((read) => read.filter(({ file }) => !isSuiteName(file)));
      this.read.set(path, documents);
    }
    return documents;
  }
}

export interface World {
  readonly cluster: Cluster;
  readonly files: SuiteFiles;
  readonly test: PlacedTest;
}

/** What is wrong with the manifests. Throws WORLD_INVALID, or a TypeError, for what cannot be. */
export async function buildWorld(world: World, beside: readonly Document[]): Promise<LocatedProblem[]> {
  const { cluster, test } = world;
  for (const word of wordsOf(test)) declareWord(cluster, word);
  const problems = beside.flatMap((document) => addDocument(cluster, checkDocument(document)));
  for (const { facts, path } of test.given) {
    for (const [name, { labels = {} }] of Object.entries(facts.namespaces ?? {})) cluster.namespace(name, { labels });
    for (const [index, manifest] of (facts.manifests ?? []).entries()) {
      problems.push(...(await applyManifest(world, manifest, [...path, 'manifests', index])));
    }
    addPlaces(cluster, facts);
  }
  return problems;
}

/** `host` and the like need no declaration; a node of that name, declared later, takes the word. */
function wordsOf({ flows }: PlacedTest): string[] {
  const peers = flows.flatMap(({ from, to }) => [from, to].flat());
  return reservedPeers.filter((word) => peers.includes(word));
}

function addPlaces(cluster: Cluster, { pods = {}, nodes = {}, outside = {}, dns = [] }: Given): void {
  for (const [name, { labels = {}, ip, serviceAccount, ports = {} }] of Object.entries(pods)) {
    const named = Object.entries(ports).map(([port, value]) => ({ name: port, ...parsePort(String(value)) }));
    cluster.pod(name, { labels, ports: named, ...(ip !== undefined && { ip }), ...(serviceAccount !== undefined && { serviceAccount }) });
  }
  for (const [name, node] of Object.entries(nodes)) cluster.node(name, node);
  for (const [address, facts] of Object.entries(outside)) cluster.outside(address, facts as Parameters<Cluster['outside']>[1]);
  for (const answer of dns) cluster.answer(answer);
}

/** A path or glob from the suite's folder, an object, or a list of those. */
export async function applyManifest({ cluster, files, test }: World, manifest: unknown, path: FieldPath): Promise<LocatedProblem[]> {
  if (Array.isArray(manifest)) {
    const all: LocatedProblem[] = [];
    for (const [index, one] of manifest.entries()) all.push(...(await applyManifest({ cluster, files, test }, one, [...path, index])));
    return all;
  }
  const documents = typeof manifest === 'string' ? await files.documents(manifest) : [partOf(test.document, manifest, path)];
  return documents.flatMap((document) => addDocument(cluster, checkDocument(document)));
}

/** An object within the suite, as if it were a document of its own. */
function partOf(document: Document, object: unknown, path: FieldPath): Document {
  return { file: document.file, object, problems: [], at: (inner) => document.at([...path, ...inner]) };
}

/** `cnp/shop/db` or `pod/shop/db`: what somebody with kubectl would delete. */
export function removeObject(cluster: Cluster, { remove = '' }: Step): void {
  const [word = '', ...names] = remove.split('/');
  const kind = kindWords[word.toLowerCase()] ?? word;
  const [namespace, name] = names.length === 2 ? names : [undefined, names[0]];
  if (name === undefined) throw new TypeError(`remove: not kind/namespace/name: "${remove}"`);
  cluster.remove(kind, namespace, name);
}

const kindWords: Readonly<Record<string, string>> = {
  cnp: 'CiliumNetworkPolicy',
  ccnp: 'CiliumClusterwideNetworkPolicy',
  netpol: 'NetworkPolicy',
  ccg: 'CiliumCIDRGroup',
  pod: 'Pod',
  ns: 'Namespace',
  svc: 'Service',
};
