// Enforcement: read this first. A loop over the tables of the cluster that keeps the datapath as policy wants it: nothing is written
// before all of them have delivered, everything is written again until it is done, and who waits for an endpoint is told.

import type { Datapath } from '../datapath/datapath.ts';
import { Epochs } from '../datapath/reconcile/epochs.ts';
import { PolicyWriter } from '../datapath/reconcile/policy.ts';
import type { PolicyMapProblem } from '../datapath/reconcile/rows.ts';
import type { RoomLog } from '../log.ts';
import { LocalIdentities } from '../model/local-identities.ts';
import type { Enforcement as Mode } from '../model/policy/resolve/endpoint-sets.ts';
import { delayAfter } from '../state/backoff.ts';
import { Bell } from '../state/bell.ts';
import type { Clock } from '../state/clock.ts';
import { Desired, type Settled } from './desired.ts';
import { type DnsTeller, DnsTelling } from './dns/telling.ts';
import { type ConnectionQuestion, explainConnection, type LiveExplanation, type Unexplained } from './explanation.ts';
import { FlowPurge } from './flow-purge.ts';
import { InputFollowers, type Inputs } from './inputs.ts';
import { Nodes } from './nodes.ts';
import { readNumbers, writeNumbers } from './number-file.ts';
import { type IdentitySource, PodIdentities } from './pod-identities.ts';
import type { RecordKeeper } from './publication.ts';
import type { Self } from './self.ts';
import { openView, type View } from './view.ts';
import { ViewWriter } from './view-writer.ts';
import { Waiters } from './waiters.ts';

export interface EnforcementOptions {
  readonly datapath: Pick<Datapath, 'map'>;
  /** The one that other writers of this datapath use too. */
  readonly epochs?: Epochs;
  readonly inputs: Inputs;
  readonly clusterName: string;
  readonly mode: Mode;
  /** No pod of this node is stopped by policy; what would be is told. */
  readonly audit: boolean;
  /** Keeps numbers over restarts. */
  readonly numberFile: string;
  readonly identities: IdentitySource;
  readonly keeper: RecordKeeper;
  /** Without it nothing listens to the names that pods ask for, and DNS that policies want to be looked at is dropped. */
  readonly dns?: { readonly port: number; readonly teller: DnsTeller };
  readonly clock: Clock;
  readonly log: RoomLog;
}

const retry = { minMs: 50, maxMs: 10_000 };

export class Enforcement {
  readonly view: View;
  /** A change is being worked out or written. */
  isBusy = false;
  private readonly options: EnforcementOptions;
  private readonly bell: Bell;
  private readonly followers: InputFollowers;
  private readonly writer: PolicyWriter;
  private readonly nodes: Nodes;
  private readonly locals: LocalIdentities;
  private readonly identities: PodIdentities;
  private readonly desired: Desired;
  private readonly views: ViewWriter;
  private readonly flows: FlowPurge;
  private readonly dns: DnsTelling | undefined;
  private readonly waiters = new Waiters();
  private readonly restored: Map<string, number>;
  /** Endpoints of which something is not written yet. */
  private readonly pending = new Set<number>();
  private self: Self | undefined;
  private isSelfNew = false;
  private hasBegun = false;
  private savedNumbers = '';
  private revision = 0;
  private failures = 0;
  private lastFailure: string | undefined;
  private problems: readonly PolicyMapProblem[] = [];

  private constructor(options: EnforcementOptions, parts: Parts) {
    const { inputs, identities, clock, log } = options;
    this.options = options;
    this.bell = parts.bell;
    this.writer = parts.writer;
    this.nodes = parts.nodes;
    this.restored = parts.writer.writtenIdentities();
    this.followers = new InputFollowers(inputs, this.bell);
    this.locals = new LocalIdentities({ restored: parts.numbers.local, next: parts.numbers.nextLocal });
    const find = (labels: string) => [...inputs.identities.by('labels', labels)][0]?.number;
    const changed = () => this.bell.ring();
    this.identities = new PodIdentities({ source: identities, clock, log, restored: new Map(parts.numbers.pods), find, changed });
    this.desired = new Desired({
      ...options,
      followers: this.followers,
      cluster: options.clusterName,
      nodes: this.nodes,
      locals: this.locals,
      identities: this.identities,
      restored: this.restored,
      earlierDns: options.dns?.teller.earlier,
      // Sets of an earlier life mean what they meant, also where the policy map has none of their entries.
      firstSet: Math.max(this.writer.nextSet, ...(options.dns?.teller.earlier?.sets ?? []).map(({ set }) => set + 1)),
      firstRule: this.writer.nextRule,
    });
    this.view = openView();
    this.views = new ViewWriter(this.view, this.desired, this.nodes);
    this.flows = new FlowPurge(options.datapath);
    this.dns = options.dns && new DnsTelling(options.dns.teller);
  }

  /** Takes over what the datapath has; it stays in force until all tables have delivered. */
  static async open(options: EnforcementOptions): Promise<Enforcement> {
    const { datapath, clock, log, numberFile } = options;
    const epochs = options.epochs ?? (await Epochs.open(datapath));
    const numbers = await readNumbers(numberFile, (error) => log.warn('the numbers of an earlier life cannot be read', { error }));
    const writing = { epochs, ...(options.dns && { proxyPorts: { dns: options.dns.port } }) };
    const [writer, nodes] = [await PolicyWriter.open(datapath, writing), await Nodes.open(datapath, clock)];
    return new Enforcement(options, { bell: new Bell(), writer, nodes, numbers });
  }

  /** Where this node is; nothing is written before it is known. */
  setSelf(self: Self): void {
    this.self = self;
    this.isSelfNew = true;
    this.bell.ring();
  }

  /** The store has taken away a number that a pod here has. */
  moved(labels: string, number: number): void {
    this.identities.moved(labels, number);
  }

  /** Ends once everything that is known of the endpoint by now is written and it is not closed; throws when the signal is aborted before. */
  enforced(endpoint: number, signal: AbortSignal): Promise<void> {
    return this.waiters.until(() => this.isReady(endpoint), signal);
  }

  /** Ends once policy is in force for the first time in this life; throws when the signal is aborted before. */
  begun(signal: AbortSignal): Promise<void> {
    return this.waiters.until(() => this.hasBegun, signal);
  }

  /** Forgets the connections of addresses, once no endpoint has them. Ends when that is done. */
  async forget(addresses: readonly string[], signal: AbortSignal): Promise<void> {
    const isGone = () => !addresses.some((address) => this.writer.writtenIdentities().has(address));
    // What is not gone in time is stopped by its device being gone.
    await this.waiters.until(isGone, signal).catch(() => {});
    await this.flows.forget(addresses);
  }

  /** `cnp/shop/web spec.ingress[0]`, for the number that events carry. */
  ruleText(number: number): string | undefined {
    return this.desired.resolver.ruleText(number);
  }

  /** What becomes of a connection by what is in force, as far as this node decides. */
  explain(asked: ConnectionQuestion): Promise<LiveExplanation | Unexplained> {
    const { datapath, mode, inputs } = this.options;
    const { desired, nodes } = this;
    return explainConnection(asked, { datapath, mode, desired, nodes, addresses: inputs.addresses });
  }

  /** Of what nothing can be written yet; empty when everything has delivered. */
  missing(): string[] {
    const missing = this.followers.missing();
    return this.self === undefined ? ['this node (its own addresses)', ...missing] : missing;
  }

  /** What does not fit, and why. */
  get mapProblems(): readonly PolicyMapProblem[] {
    return this.problems;
  }

  /** Why the datapath does not take what should be in force now; undefined when it does. */
  get failure(): string | undefined {
    return this.lastFailure;
  }

  /** Writes that were done in this life. */
  get writes(): number {
    return this.revision;
  }

  get identityFailure(): string | undefined {
    return this.identities.failure;
  }

  /** Until the signal is aborted. What is in force stays. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { clock, log } = this.options;
    try {
      while (!signal.aborted) {
        let until = Number.POSITIVE_INFINITY;
        this.isBusy = true;
        try {
          await this.round();
          if (this.failures > 0) log.info('the datapath takes changes again');
          this.failures = 0;
          this.lastFailure = undefined;
        } catch (error) {
          this.lastFailure = (error as Error).message;
          if (this.failures++ === 0) log.error('the datapath did not take a change, which is tried again', { error });
          until = clock.now() + delayAfter(this.failures, retry, clock);
        }
        this.isBusy = false;
        await this.bell.wait({ signal, clock, until });
      }
    } finally {
      this.followers.close();
      await this.identities.close();
    }
  }

  private async round(): Promise<void> {
    if (this.isSelfNew && this.self !== undefined) {
      this.desired.setSelf(this.self);
      this.isSelfNew = false;
      await this.nodes.writeConfig();
    }
    this.desired.take();
    const settled = this.desired.settle();
    this.dns?.expect(settled.speaksOfNames);
    for (const change of settled.changes) this.writer.stage(change);
    for (const { endpoints, policy } of settled.changes) {
      for (const { id } of endpoints?.put ?? []) this.pending.add(id);
      for (const id of policy?.endpoints.keys() ?? []) this.pending.add(id);
    }
    this.views.show(settled);
    const missing = this.missing();
    if (missing.length > 0) {
      this.showEndpoints(`the first list of ${missing.join(', ')}`);
      return;
    }
    // Policies are shown already: whoever sees them there must not take pods for ready that are judged as before.
    if (this.pending.size > 0) this.showEndpoints(undefined);
    try {
      await this.write(settled);
    } catch (error) {
      this.showEndpoints(undefined);
      throw error;
    }
    this.begin();
    this.pending.clear();
    this.revision += 1;
    this.showEndpoints(undefined);
    this.waiters.look();
  }

  private async write({ nodes, dns }: Settled): Promise<void> {
    this.saveNumbers();
    await this.dns?.before(dns);
    if (!this.hasBegun) this.writer.prune();
    await this.nodes.write(nodes);
    this.problems = await this.writer.write();
    await this.dns?.after(dns);
    await this.nodes.forget(nodes);
  }

  /** What an earlier life left and nobody asked for is free. */
  private begin(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    this.locals.forgetRestored();
    this.desired.publication.retractOthers();
    this.options.log.info('policy is in force', { endpoint: this.desired.subjects.byEndpoint.size });
  }

  /** Before entries carry them. */
  private saveNumbers(): void {
    const numbers = { local: this.locals.entries(), nextLocal: this.locals.next, pods: this.identities.entries() };
    const text = JSON.stringify(numbers);
    if (text === this.savedNumbers) return;
    try {
      writeNumbers(this.options.numberFile, numbers);
      this.savedNumbers = text;
    } catch (error) {
      // Without it a restart gives new numbers, which costs time and no connection.
      this.options.log.warn('the numbers of identities cannot be kept', { error });
    }
  }

  private isReady(endpoint: number): boolean {
    return this.view.endpoints.table.get(endpoint)?.state === 'ready';
  }

  private showEndpoints(waitsFor: string | undefined): void {
    const { revision, problems, restored, identities, pending } = this;
    this.views.showEndpoints({ revision, waitsFor, pending, problems, failure: identities.failure, restored });
  }
}

interface Parts {
  readonly bell: Bell;
  readonly writer: PolicyWriter;
  readonly nodes: Nodes;
  readonly numbers: Awaited<ReturnType<typeof readNumbers>>;
}
