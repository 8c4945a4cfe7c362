// Cluster source: what the Kubernetes API says, as tables. It is asked for as long as the agent lives; nobody waits for it.

import type { RoomLog } from '../log.ts';
import { Counts } from '../sources/kubernetes/counts.ts';
import { openCredentials } from '../sources/kubernetes/credentials.ts';
import { ensureDefinitions } from '../sources/kubernetes/definitions.ts';
import type { KubeObject } from '../sources/kubernetes/object.ts';
import { Reflector } from '../sources/kubernetes/reflector.ts';
import { type Resource, resources, type Selection } from '../sources/kubernetes/resource.ts';
import { type CidrGroupRow, cidrGroupRow } from '../sources/kubernetes/rows/cidr-groups.ts';
import { type EndpointSliceRow, endpointSliceRow, endpointSliceShape } from '../sources/kubernetes/rows/endpoint-slices.ts';
import { type NamespaceRow, namespaceRow, namespaceShape } from '../sources/kubernetes/rows/namespaces.ts';
import { type NodeRow, nodeRow, nodeShape } from '../sources/kubernetes/rows/nodes.ts';
import { type PodRow, podRow, podShape } from '../sources/kubernetes/rows/pods.ts';
import { type PolicyRow, policyRows } from '../sources/kubernetes/rows/policies.ts';
import { type ServiceRow, serviceRow, serviceShape } from '../sources/kubernetes/rows/services.ts';
import type { Observed } from '../sources/kubernetes/samples.ts';
import { tableSink } from '../sources/kubernetes/sink.ts';
import { Transport } from '../sources/kubernetes/transport.ts';
import { delayAfter } from '../state/backoff.ts';
import { type Clock, sleep } from '../state/clock.ts';
import type { Columns } from '../state/columns.ts';
import { openTable, type Table } from '../state/table.ts';
import type { TableWriter } from '../state/table-writer.ts';

const source = 'kubernetes';
const retry = { minMs: 500, maxMs: 15_000 };

type Keyed = { readonly key: string; readonly rejected: string | undefined };

function open<Row extends Keyed>(name: string, columns: Columns<Row>) {
  const rejected = ({ rejected: why }: Row) => why;
  return openTable<Row>({ name, key: ({ key }) => key, columns: { ...columns, rejected }, sources: [source] });
}

/** Tables that are empty until the API server has answered. */
export function openClusterTables() {
  const policyColumns: Columns<PolicyRow> = { policy: ({ key }) => key, kind: ({ kind }) => kind, audit: ({ isAudited }) => isAudited };
  return {
    pods: open<PodRow>('pods', {
      pod: ({ key }) => key,
      addresses: ({ addresses }) => addresses,
      labels: ({ labels }) => Object.entries(labels).map((pair) => pair.join('=')),
      account: ({ serviceAccount }) => serviceAccount,
    }),
    namespaces: open<NamespaceRow>('namespaces', {
      namespace: ({ name }) => name,
      labels: ({ labels }) => Object.entries(labels).map((pair) => pair.join('=')),
    }),
    services: open<ServiceRow>('services', {
      service: ({ key }) => key,
      type: ({ type }) => type,
      addresses: ({ clusterAddresses }) => clusterAddresses,
      ports: ({ ports }) => ports.map(({ port, protocol }) => `${port}/${protocol}`),
    }),
    slices: open<EndpointSliceRow>('endpoint-slices', {
      slice: ({ key }) => key,
      service: ({ service }) => service,
      endpoints: ({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses),
    }),
    groups: open<CidrGroupRow>('cidr-groups', {
      group: ({ name }) => name,
      prefixes: ({ group }) => group?.prefixes.map(({ text }) => text),
    }),
    networkPolicies: open<PolicyRow>('network-policies', policyColumns),
    ciliumPolicies: open<PolicyRow>('cilium-policies', policyColumns),
    clusterwidePolicies: open<PolicyRow>('clusterwide-policies', policyColumns),
    /** This node alone. */
    self: open<NodeRow>('node', { node: ({ name }) => name, prefixes: ({ podPrefixes }) => podPrefixes }),
  };
}

export type ClusterTables = ReturnType<typeof openClusterTables>;

export interface ClusterSourceOptions {
  readonly tables: ClusterTables;
  readonly kubeconfig: string | undefined;
  readonly nodeName: string;
  readonly clusterName: string;
  readonly clock: Clock;
  readonly log: RoomLog;
}

export class ClusterSource {
  /** What each reflector did. */
  readonly observed: Observed[] = [];
  private readonly options: ClusterSourceOptions;
  /** Resource → why it is out of touch. */
  private readonly lost = new Map<string, string>();
  private definitions: string | undefined = 'not asked for yet';
  private credentials: string | undefined;

  constructor(options: ClusterSourceOptions) {
    this.options = options;
  }

  /** What is wrong between us and the API server; empty when nothing is. */
  problems(): string[] {
    if (this.credentials !== undefined) return [this.credentials];
    return [...this.lost].map(([plural, why]) => `${plural}: ${why}`);
  }

  /** Why the definitions of policies may be missing. */
  get definitionProblem(): string | undefined {
    return this.definitions;
  }

  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { clock, log, kubeconfig } = this.options;
    const transport = await this.insist(signal, async () => {
      const credentials = await openCredentials(kubeconfig === undefined ? {} : { kubeconfig });
      return new Transport({ credentials, clock, counts: new Counts() });
    });
    if (transport === undefined) return;
    try {
      await Promise.all([this.define(transport, signal), ...this.reflectors(transport).map((reflector) => reflector.run({ signal }))]);
    } finally {
      transport.close();
      log.debug('the API server is not asked any more');
    }
  }

  private async insist<Result>(signal: AbortSignal, act: () => Promise<Result>): Promise<Result | undefined> {
    const { clock, log } = this.options;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        const result = await act();
        this.credentials = undefined;
        return result;
      } catch (error) {
        this.credentials = (error as Error).message;
        if (failures === 1) log.error('the API server cannot be asked', { error });
        await sleep(clock, delayAfter(failures, retry, clock), signal);
      }
    }
    return undefined;
  }

  /** Somebody else may have made them, and we may not be allowed to: then it is only told. */
  private async define(transport: Transport, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.options;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        await ensureDefinitions({ transport, clock, signal });
        this.definitions = undefined;
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.definitions = (error as Error).message;
        if (failures === 1) log.warn('definitions of policies could not be made', { error });
        await sleep(clock, delayAfter(failures, { minMs: 1000, maxMs: 60_000 }, clock), signal);
      }
    }
  }

  private reflectors(transport: Transport): Reflector[] {
    const { tables, nodeName, clusterName } = this.options;
    const policy = policyRows({ clusterName, localCluster: true });
    const on = <Row extends Keyed>(
      resource: Resource,
      { writer }: { readonly table: Table<Row>; readonly writer: TableWriter<Row> },
      row: (key: string, object: KubeObject, before: Row | undefined) => Row,
      selection: Selection = {},
    ): Reflector => {
      const health = (why: string | undefined) => {
        if (why === undefined) this.lost.delete(resource.plural);
        else this.lost.set(resource.plural, why);
      };
      const { clock, log } = this.options;
      this.lost.set(resource.plural, 'no answer yet');
      const counts = new Counts();
      const reflector = new Reflector({
        transport,
        resource,
        selection,
        sink: tableSink({ writer, source, row, health }),
        clock,
        counts,
        log,
      });
      this.observed.push({ resource: resource.plural, reflector, counts });
      return reflector;
    };
    return [
      on(resources.pods, tables.pods, podRow, { fields: `spec.nodeName=${nodeName}`, shape: podShape }),
      on(resources.nodes, tables.self, nodeRow, { fields: `metadata.name=${nodeName}`, shape: nodeShape }),
      on(resources.namespaces, tables.namespaces, namespaceRow, { metadataOnly: true, shape: namespaceShape }),
      on(resources.services, tables.services, serviceRow, { shape: serviceShape }),
      on(resources.endpointSlices, tables.slices, endpointSliceRow, { shape: endpointSliceShape }),
      on(resources.cidrGroups, tables.groups, cidrGroupRow),
      on(resources.networkPolicies, tables.networkPolicies, policy),
      on(resources.ciliumPolicies, tables.ciliumPolicies, policy),
      on(resources.clusterwidePolicies, tables.clusterwidePolicies, policy),
    ];
  }
}
