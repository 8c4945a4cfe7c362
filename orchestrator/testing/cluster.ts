// The simulated cluster: policies as they would be applied, pods and what is around them as data, and the datapath itself to ask.
// Everything but opening, loading files and closing is done when the call returns.

import { ticks } from '../datapath/clock.ts';
import { AgentError, NotSupported } from '../errors.ts';
import type { Document } from '../manifests/document.ts';
import { readManifestFiles } from '../manifests/files.ts';
import { readManifests } from '../manifests/read.ts';
import type { Enforcement } from '../model/policy/evaluate/question.ts';
import { Connection, isConnection } from './connection.ts';
import {
  type AnswerDeclaration,
  Declarations,
  type NamespaceDeclaration,
  type NodeDeclaration,
  type OutsideDeclaration,
  type PodDeclaration,
} from './declarations.ts';
import { type Asked, differenceOf, type Engine } from './engine.ts';
import { Flow } from './flow.ts';
import type { Machine } from './machine.ts';
import { type ManifestProblem, Manifests } from './manifests.ts';
import { formOf, protocolNumbers } from './message.ts';
import { questionOf } from './model-engine.ts';
import { Node } from './node.ts';
import { type EngineName, makeEngine, openMachines } from './open-engines.ts';
import { Parties } from './parties.ts';
import { type FlowQuestion, plainQuestion } from './questions.ts';
import { World } from './world.ts';

export interface ClusterOptions {
  /** Who judges: packets through the WebAssembly datapath unless given. `kernel` needs the right to use BPF. */
  readonly engine?: EngineName;
  /** Engines that are asked the same; a difference is an error. */
  readonly crossCheck?: EngineName | readonly EngineName[];
  /** `default`: pods of which a policy speaks. `always`: every pod. `never`: none. */
  readonly enforcement?: Enforcement;
  /** Name of this cluster in labels and selectors: `default`. */
  readonly clusterName?: string;
  /** Whether selectors that name no cluster mean this one only, as Cilium does since 1.19: true. */
  readonly localCluster?: boolean;
  /** A manifest that is not accepted throws; else it is in `problems`. */
  readonly strict?: boolean;
  /** Manifests come out of a cluster, whose API server has checked them: what only its schema objects to is a warning. */
  readonly stored?: boolean;
  /** Entries of the datapath's maps by name, where a world is larger than usual. */
  readonly sizes?: Readonly<Record<string, number>>;
}

/** Rejects with NOT_SUPPORTED when the kernel is wanted and cannot be used. */
export async function openCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { engine = 'wasm', crossCheck = [] } = options;
  const engines = [engine, ...(typeof crossCheck === 'string' ? [crossCheck] : crossCheck)];
  return new Cluster(options, engines, await openMachines(engines, options.sizes));
}

const [firstPort, lastPort] = [32768, 60999];

export class Cluster implements AsyncDisposable {
  private readonly options: ClusterOptions;
  private readonly engineNames: readonly EngineName[];
  private readonly machines: readonly Machine[];
  private readonly ports = new Set<number>();
  private nextPort = firstPort;
  private mode: Enforcement;
  private world!: World;
  private state!: Node;
  private parties!: Parties;
  private declarations!: Declarations;
  private manifests!: Manifests;
  private engines!: readonly [Engine, ...Engine[]];
  private settledPlaces = 0;
  private closed = false;

  /** See `openCluster`. */
  constructor(options: ClusterOptions, engines: readonly EngineName[], machines: readonly Machine[]) {
    this.options = options;
    this.engineNames = engines;
    this.machines = machines;
    this.mode = options.enforcement ?? 'default';
    this.begin();
  }

  /** Manifests of files, folders and globs. What is wrong with them is returned, and kept in `problems`. */
  async load(...paths: readonly string[]): Promise<readonly ManifestProblem[]> {
    return this.take(await readManifestFiles(paths));
  }

  /** Manifests as objects, or as texts of YAML or JSON with any number of documents. */
  apply(...manifests: readonly (object | string)[]): readonly ManifestProblem[] {
    return this.take(manifests.flatMap(documentsOf));
  }

  /** Takes back an object. False: there is none of that kind and name. Without a namespace it is in `default`, if it is in any. */
  remove(kind: string, namespace: string | undefined, name: string): boolean {
    return this.opened.manifests.remove({ kind, namespace, name });
  }

  /** What is wrong with the manifests, as they were applied last. */
  get problems(): readonly ManifestProblem[] {
    return this.opened.manifests.problems;
  }

  /** A namespace and its labels. Namespaces that only pods mention have none but their name. */
  namespace(name: string, namespace: NamespaceDeclaration = {}): string {
    return this.opened.declarations.namespace(name, namespace);
  }

  /** A pod, `namespace/name`, or another one under the same name. Returns the name for questions. */
  pod(name: string, pod: PodDeclaration = {}): string {
    return this.opened.declarations.pod(name, pod);
  }

  node(name: string, node: NodeDeclaration): string {
    return this.opened.declarations.node(name, node);
  }

  /** An address outside, of which something is known. Any other may be asked about as it is. */
  outside(address: string, outside: OutsideDeclaration = {}): string {
    return this.opened.declarations.outside(address, outside);
  }

  /** A DNS answer, as the DNS proxy would have seen it. */
  answer(answer: AnswerDeclaration): void {
    this.opened.declarations.answer(answer);
  }

  /** Moves the virtual clock on. Names of answers whose time is over allow nothing new; connections go on. */
  advance(seconds: number): void {
    if (!(seconds >= 0)) throw new AgentError('WORLD_INVALID', `advance: not a number of seconds: ${seconds}`);
    this.settle();
    this.world.now += ticks(seconds);
    for (const machine of this.machines) machine.advance(ticks(seconds));
    this.state.tellGrants();
  }

  /** Of the whole cluster: `default`, `always` or `never`. */
  set enforcement(mode: Enforcement) {
    this.mode = mode;
    this.opened.state.enforcement = mode;
  }
  get enforcement(): Enforcement {
    return this.mode;
  }

  /** What would happen to a new connection, or a first message. Throws WORLD_INVALID for a question that makes no sense. */
  flow(question: FlowQuestion): Flow {
    return this.judge(this.ask(question));
  }

  /** A connection to follow: its first packet is not sent yet. */
  connect(question: FlowQuestion): Connection {
    const asked = this.ask(question);
    if (this.machines.length === 0) throw new NotSupported('engine "model": connections');
    if (!isConnection(asked)) throw new AgentError('WORLD_INVALID', `connect: nothing answers ${asked.protocol} of type ${asked.port}`);
    const parts = { asked, machines: this.machines, node: () => this.state, settle: () => this.settle(), port: this.takePort(asked) };
    return new Connection(this.judge(asked), parts);
  }

  /** Forgets everything: the cluster is as it was when it was opened. Much cheaper than opening another. */
  reset(): void {
    this.opened.state.clear();
    this.begin();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.state.clear();
    this.closed = true;
    for (const machine of this.machines) await machine[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private begin(): void {
    const { clusterName = 'default', localCluster = true, stored = false } = this.options;
    this.ports.clear();
    this.world = new World();
    this.state = new Node(this.world, { machines: this.machines, clusterName, enforcement: this.mode });
    this.parties = new Parties(this.world, this.state);
    this.declarations = new Declarations(this.world);
    this.manifests = new Manifests(this.world, { clusterName, localCluster, stored });
    const [first, ...others] = this.engineNames.map((name) => makeEngine(name, this.machines, this.state, this.ports));
    this.engines = [first as Engine, ...others];
    this.settledPlaces = 0;
  }

  private get opened(): Cluster {
    if (this.closed) throw new AgentError('DATAPATH_CLOSED', 'cluster: used after close');
    return this;
  }

  private take(documents: readonly Document[]): readonly ManifestProblem[] {
    const { manifests } = this.opened;
    const problems = documents.flatMap((document) => manifests.apply(document));
    const errors = problems.filter(({ severity }) => severity === 'error');
    if (this.options.strict === true && errors.length > 0)
      throw new AgentError('MANIFEST_REFUSED', `manifests: ${errors.map(({ text }) => text).join('\n  ')}`);
    return problems;
  }

  private settle(): void {
    const { places } = this.opened.world.versions;
    this.state.settle();
    if (places === this.settledPlaces) return;
    this.settledPlaces = places;
    this.parties.clear();
  }

  private ask(question: FlowQuestion): Asked {
    this.settle();
    const from = this.parties.find(question.from, 'from');
    const to = this.parties.find(question.to, 'to');
    const { protocol, port } = plainQuestion(question, (name, word) => {
      const number = protocolNumbers[word];
      return to.pod?.fact.ports.find((known) => known.name === name.toLowerCase() && known.protocol === number)?.port;
    });
    const { family, source, destination } = this.parties.ends(from, to, protocol, question.family);
    return { from, to, protocol, port, form: formOf(protocol, port), family, source, destination };
  }

  private judge(asked: Asked): Flow {
    const [engine, ...others] = this.engines;
    const judgement = engine.judge(asked);
    for (const other of others) {
      const difference = differenceOf(engine, judgement, other, other.judge(asked));
      if (difference === undefined) continue;
      const { from, to, protocol, port } = asked;
      throw new AgentError('ENGINES_DIFFER', `flow: ${from.name} to ${to.name} ${port}/${protocol}: ${difference}`);
    }
    const questions = { egress: questionOf(this.state, 'egress', asked), ingress: questionOf(this.state, 'ingress', asked) };
    return new Flow(asked, judgement, this.state.view, questions);
  }

  private takePort({ port }: Asked): number {
    this.nextPort = this.nextPort >= lastPort ? firstPort : this.nextPort + 1;
    // Not the destination's either: an answer must not pass for a question.
    if (this.nextPort === port) this.nextPort += 1;
    this.ports.add(this.nextPort).add(port);
    return this.nextPort;
  }
}

function documentsOf(manifest: object | string): readonly Document[] {
  if (typeof manifest === 'string') return readManifests(manifest, { file: 'manifest' });
  return [{ file: 'object', object: manifest, problems: [], at: () => ({ line: 0, column: 0 }) }];
}
