// A node to be shown: real tables, a real datapath in WebAssembly with policy on three pods, and its flows with names.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModeSwitch } from '../../orchestrator/agent/switch-mode.ts';
import { type Api, openApi } from '../../orchestrator/api/server.ts';
import type { AgentView } from '../../orchestrator/api/view.ts';
import {
  CONFIG_ALLOW_EVENTS,
  ENDPOINT_AUDIT,
  ENDPOINT_EGRESS_ENFORCED,
  ENDPOINT_INGRESS_ENFORCED,
  HOOK_FROM_POD,
  IDENTITY_WORLD,
  PRECEDENCE_ALLOW,
  PRECEDENCE_DENY,
} from '../../orchestrator/datapath/generated/enums.ts';
import { configSpec, endpointsSpec, ipcacheSpec, policySpec } from '../../orchestrator/datapath/generated/maps.ts';
import { policyEntry } from '../../orchestrator/datapath/reconcile/policy-entry.ts';
import { openWasmDatapath } from '../../orchestrator/datapath/wasm/wasm-datapath.ts';
import { ServiceView } from '../../orchestrator/enforcement/service-view.ts';
import { openView } from '../../orchestrator/enforcement/view.ts';
import { FlowLog } from '../../orchestrator/flows/flow-log.ts';
import { packetSamples, readPacketCounts } from '../../orchestrator/flows/packet-counts.ts';
import { openHealthTable } from '../../orchestrator/health/health-table.ts';
import { openLog } from '../../orchestrator/log.ts';
import { Metrics } from '../../orchestrator/metrics.ts';
import type { BackendRow, FrontendRow } from '../../orchestrator/model/service/rows.ts';
import { buildPacket } from '../../orchestrator/net/packet.ts';
import { addressWords, prefixWords } from '../../orchestrator/net/words.ts';
import { TableRegistry } from '../../orchestrator/state/table-registry.ts';
import { smallSizes } from '../support/small-sizes.ts';

interface Pod {
  readonly id: number;
  readonly identity: number;
  readonly set: number;
  readonly addresses: readonly [string, string];
  readonly flags: number;
  readonly labels: readonly string[];
}

const labels = (app: string) => [`k8s:app=${app}`, 'k8s:io.kubernetes.pod.namespace=shop'];

export const pods = {
  web: { id: 11, identity: 65537, set: 1, addresses: ['10.11.0.2', 'fd00:11::2'], flags: ENDPOINT_EGRESS_ENFORCED, labels: labels('web') },
  db: { id: 12, identity: 65538, set: 2, addresses: ['10.11.0.3', 'fd00:11::3'], flags: ENDPOINT_INGRESS_ENFORCED, labels: labels('db') },
  cart: {
    id: 13,
    identity: 65539,
    set: 3,
    addresses: ['10.11.0.4', 'fd00:11::4'],
    flags: ENDPOINT_INGRESS_ENFORCED | ENDPOINT_AUDIT,
    labels: labels('cart'),
  },
} as const satisfies Record<string, Pod>;

export type PodName = keyof typeof pods;

const rules: Readonly<Record<number, string>> = {
  11: 'cnp/shop/web spec.egress[0]',
  12: 'cnp/shop/db spec.ingress[0]',
  13: 'ccnp/closed spec.ingressDeny[0]',
};

/** Address of a pod of another node, and one of the world. */
export const elsewhere = '10.11.1.9';
export const world = '198.51.100.7';

const startedAt = new Date('2026-01-02T03:00:00.000Z');
const common = {
  scope: 'inside',
  portName: '',
  weights: [],
  affinitySeconds: 0,
  sourceRanges: [],
  algorithm: 'maglev',
  isDirect: false,
} as const;
const frontendRows: FrontendRow[] = [
  {
    key: '10.21.0.10 6 5432',
    ...{ ...common, address: '10.21.0.10', protocol: 6, port: 5432, service: 'shop/db', type: 'ClusterIP' },
    backends: ['10.11.0.3 6 5432', '10.11.1.9 6 5432'],
    why: '',
  },
  {
    key: '10.21.0.10 6 9187',
    ...{ ...common, address: '10.21.0.10', protocol: 6, port: 9187, service: 'shop/db', type: 'ClusterIP', portName: 'metrics' },
    backends: [],
    why: 'no endpoint has a port "metrics"',
  },
];
const backendRows: BackendRow[] = [
  { key: '10.11.0.3 6 5432', address: '10.11.0.3', protocol: 6, port: 5432, node: 'a', zone: 'z1', state: 'active' },
  { key: '10.11.1.9 6 5432', address: '10.11.1.9', protocol: 6, port: 5432, node: 'b', zone: 'z2', state: 'draining' },
];

export type ShownNode = Awaited<ReturnType<typeof openNode>>;

interface NodeOptions {
  readonly stallMs?: number;
  readonly mostInTenth?: number;
  readonly viewOf?: (view: AgentView) => AgentView;
}

export async function openNode({ stallMs, mostInTenth = 1000, viewOf = (view) => view }: NodeOptions = {}) {
  const datapath = await openWasmDatapath({ sizes: smallSizes });
  await writeMaps(datapath);
  const tables = fillTables();
  const ending = new AbortController();
  const flows = new FlowLog({ node: 'a', names, tick: () => datapath.now(), mostInTenth });
  const reading = flows.run({ events: datapath.events(), signal: ending.signal });
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-api-'));
  const lines: string[] = [];
  const calls: unknown[] = [];
  // Three hours and twelve minutes ago.
  const startedAt = new Date(Date.now() - 11_521_000);
  const switching = new ModeSwitch({
    config: { datapath: 'auto', stateDir: folder },
    current: 'wasm',
    pods: () => Object.keys(pods).map((name) => `shop/${name}`),
    again: () => {},
  });
  const view: AgentView = {
    about: () => ({ version: '0.1.0', node: 'a', cluster: 'east', mode: 'wasm', pid: 42, startedAt }),
    tables,
    checks: () => [{ section: 'datapath', name: 'the datapath is open', state: 'ok', message: 'wasm mode' }],
    flows,
    datapath,
    async metrics() {
      const counts = await readPacketCounts(datapath);
      const metrics = new Metrics();
      metrics.collect(() => packetSamples(counts));
      return metrics.text();
    },
    config: () => ({ 'node-name': 'a', 'cluster-name': 'east' }),
    async reset(asked) {
      calls.push(asked);
      if (asked.service !== 'shop/db') return undefined;
      const problems = asked.isAll ? ['sockets of the node: not permitted'] : [];
      return { backends: [{ backend: '10.11.1.9:5432/tcp', sockets: 2, flows: 1 }], problems };
    },
    switchMode: (mode) => switching.to(mode),
    async cni(request) {
      calls.push(request);
      return { code: 0, body: { cniVersion: '1.0.0', ips: [] } };
    },
  };
  const log = openLog({ write: (line) => lines.push(line), now: () => new Date() }).room('api');
  const api: Api = await openApi({ folder, view: viewOf(view), log, ...(stallMs !== undefined && { stallMs }) });
  return {
    api,
    folder,
    view,
    flows,
    datapath,
    tables,
    calls,
    logged: lines,
    /** A packet through the datapath; the event that it makes, if any, is in the log of flows on return. */
    async send(from: PodName, to: PodName | string, port: number, protocol: 'tcp' | 'udp' = 'tcp') {
      const source = pods[from].addresses[0];
      const destination = to in pods ? pods[to as PodName].addresses[0] : to;
      const ports = { sourcePort: 40_000 + (sent++ % 20_000), destinationPort: port };
      const transport = protocol === 'tcp' ? { protocol, ...ports, flags: 'S' } : { protocol, ...ports };
      const result = await datapath.run(HOOK_FROM_POD, buildPacket({ source, destination, transport }), { port: pods[from].id });
      await new Promise((resolve) => setImmediate(resolve));
      return result;
    },
    async close() {
      await api.close();
      ending.abort();
      await datapath.close();
      await reading;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

let sent = 0;

const names = {
  endpoint: (id: number) => podOf((pod) => pod.id === id),
  address(text: string) {
    if (text === elsewhere) return { namespace: 'shop', pod: 'far', identity: 65540, node: 'b' };
    return podOf((pod) => pod.addresses.includes(text));
  },
  identity: (number: number) =>
    number === IDENTITY_WORLD ? ['reserved:world='] : Object.values(pods).find((pod) => pod.identity === number)?.labels,
  rule: (number: number) => rules[number],
  namespace: () => undefined,
  service: () => undefined,
};

function podOf(holds: (pod: Pod) => boolean) {
  const found = Object.entries(pods).find(([, pod]) => holds(pod));
  return found && { namespace: 'shop', pod: found[0], endpoint: found[1].id, identity: found[1].identity };
}

type Wasm = Awaited<ReturnType<typeof openWasmDatapath>>;

async function writeMaps(datapath: Wasm): Promise<void> {
  const noRouter = { router4: 0n, router6Hi: 0n, router6Lo: 0n, masqPortMin: 0, masqPortMax: 0, tunnelPort: 0 };
  const none = { hairpin4: 0n, hairpin6Hi: 0n, hairpin6Lo: 0n, hostMac: 0n, ...noRouter };
  await datapath.map(configSpec).update([[0, { flags: CONFIG_ALLOW_EVENTS, node: 1, cluster: 1, overlayPort: 0, ...none }]]);
  await datapath.map(ipcacheSpec).update([
    [prefixWords('0.0.0.0/0'), { identity: IDENTITY_WORLD, node: 0, flags: 0 }],
    [prefixWords('10.11.1.9/32'), { identity: 65540, node: 2, flags: 0 }],
  ]);
  const any = { set: 2, direction: 'ingress', protocol: 6, anyProtocol: false, port: 5432, portBits: 16, proxyPort: 0 } as const;
  await datapath
    .map(policySpec)
    .update([
      policyEntry({ ...any, set: 1, direction: 'egress', identity: pods.db.identity, precedence: PRECEDENCE_ALLOW, rule: 11 }),
      policyEntry({ ...any, identity: pods.web.identity, precedence: PRECEDENCE_ALLOW, rule: 12 }),
      policyEntry({ ...any, identity: pods.cart.identity, precedence: PRECEDENCE_DENY, rule: 13 }),
    ]);
  for (const { id, identity, set, addresses, flags } of Object.values(pods)) {
    const value = { port: id, id, identity, policySet: set, flags, mac: 0x0605040302aan, gatewayMac: 0x0605040302bbn };
    await datapath.map(endpointsSpec).update(addresses.map((address) => [addressWords(address), value] as const));
  }
}

function fillTables(): TableRegistry {
  const view = openView();
  for (const [pod, { id, identity, addresses, labels: own, flags }] of Object.entries(pods)) {
    const audit = (flags & ENDPOINT_AUDIT) !== 0;
    view.endpoints.writer.put({
      endpoint: id,
      namespace: 'shop',
      pod,
      identity,
      labels: own,
      ingress: audit ? 'audit' : (flags & ENDPOINT_INGRESS_ENFORCED) !== 0 ? 'enforced' : 'open',
      egress: (flags & ENDPOINT_EGRESS_ENFORCED) !== 0 ? 'enforced' : 'open',
      state: 'ready',
      addresses,
      device: `axn${id}`,
      revision: 1,
      why: '',
    });
    view.identities.writer.put({ number: identity, labels: own, scope: 'cluster', prefix: '', endpoints: 1 });
    for (const address of addresses) {
      const prefix = `${address}/${address.includes(':') ? 128 : 32}`;
      view.ipcache.writer.put({ prefix, identity, node: '', from: `pod shop/${pod}` });
    }
  }
  view.identities.writer.put({ number: 2, labels: ['reserved:world='], scope: 'reserved', prefix: '', endpoints: 0 });
  view.ipcache.writer.put({ prefix: '0.0.0.0/0', identity: 2, node: '', from: 'built in' });
  view.ipcache.writer.put({ prefix: '10.11.1.9/32', identity: 65540, node: 'b', from: 'pod shop/far' });
  const policy = { kind: 'CiliumNetworkPolicy', namespace: 'shop', rules: 1, isAudited: false, conditions: [] } as const;
  view.policies.writer.put({ ...policy, policy: 'cnp/shop/web', name: 'web', selects: [11] });
  view.policies.writer.put({ ...policy, policy: 'cnp/shop/db', name: 'db', selects: [12] });
  view.nodes.writer.put({
    node: 'a',
    number: 1,
    address: '172.31.0.1',
    others: [],
    way: 'local',
    router: ['10.11.0.1'],
    prefixes: ['10.11.0.0/24'],
    datapath: 'kernel',
  });
  view.nodes.writer.put({
    node: 'b',
    number: 2,
    address: '172.31.0.2',
    others: [],
    way: 'overlay',
    router: ['10.11.1.1'],
    prefixes: ['10.11.1.0/24'],
    datapath: 'wasm',
  });
  const services = new ServiceView();
  services.show({ frontends: { put: frontendRows, removed: [] }, backends: { put: backendRows, removed: [] } }, startedAt);
  const health = openHealthTable();
  const at = '2026-01-02T03:00:00.000Z';
  const found = { node: 'b', state: 'reachable', ms: 0.4, failures: 0, since: at, checkedAt: at, error: '' } as const;
  health.writer.put({ ...found, way: 'underlay', address: '172.31.0.2' });
  const cut = { state: 'unreachable', ms: 0, failures: 3, error: 'no answer within 3 s' } as const;
  health.writer.put({ ...found, ...cut, way: 'pods', address: '10.11.1.1' });
  const registry = new TableRegistry();
  registry.add(health.table);
  for (const { table } of Object.values(view)) registry.add(table as never);
  for (const { table } of [services.frontends, services.backends]) registry.add(table as never);
  return registry;
}
