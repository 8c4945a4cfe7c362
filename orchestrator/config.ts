// Configuration of the agent: flags, environment and a folder of files as one table. What it knows is what `axoneme agent --help` prints.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AgentError } from './errors.ts';
import { type Level, levels } from './log.ts';

type Kind = 'text' | 'list' | 'number' | 'truth' | readonly string[];

interface Option {
  readonly kind: Kind;
  readonly fallback: string;
  readonly help: string;
}

/** In the order in which they are shown. */
const options = {
  'node-name': { kind: 'text', fallback: '', help: 'name of this node in Kubernetes; the host name by default' },
  'cluster-name': { kind: 'text', fallback: 'default', help: 'name of this cluster, which is a label of its pods' },
  'cluster-id': { kind: 'number', fallback: '0', help: 'number of this cluster, 0 to 255; 0 when it is the only one' },
  kubeconfig: { kind: 'text', fallback: '', help: "how to reach the API server; the pod's service account by default" },
  'etcd-endpoints': { kind: 'list', fallback: '', help: 'etcd servers, like https://10.0.0.1:2379,https://10.0.0.2:2379' },
  'etcd-ca': { kind: 'text', fallback: '', help: 'file of the authority that vouches for etcd' },
  'etcd-cert': { kind: 'text', fallback: '', help: 'file of our certificate for etcd' },
  'etcd-key': { kind: 'text', fallback: '', help: 'file of its key' },
  'state-dir': { kind: 'text', fallback: '/var/lib/axoneme', help: 'folder of what must outlive the process' },
  'run-dir': { kind: 'text', fallback: '/run/axoneme', help: 'folder of the sockets' },
  bpffs: {
    kind: 'text',
    fallback: '/sys/fs/bpf/axoneme',
    help: 'folder of pinned maps and programs; a bpffs is mounted where there is none',
  },
  'cni-conf-dir': { kind: 'text', fallback: '/etc/cni/net.d', help: 'where the network configuration is written; empty: nowhere' },
  'cni-bin-dir': { kind: 'text', fallback: '/opt/cni/bin', help: 'where the plugin is put; empty: nowhere' },
  'routing-mode': {
    kind: ['overlay', 'native'],
    fallback: 'overlay',
    help: 'overlay: VXLAN between nodes; native: the network routes pod addresses',
  },
  'tunnel-port': { kind: 'number', fallback: '8472', help: 'UDP port of the overlay' },
  'node-address': { kind: 'list', fallback: '', help: 'addresses under which other nodes reach this one; of the default route by default' },
  datapath: { kind: ['auto', 'kernel', 'wasm'], fallback: 'auto', help: 'machine that handles packets' },
  'socket-lb': { kind: 'truth', fallback: 'true', help: "services' addresses become backends' when sockets connect or send" },
  'cgroup-root': { kind: 'text', fallback: '', help: 'cgroup of the processes for whom; where cgroup2 is mounted by default' },
  'policy-enforcement': { kind: ['default', 'always', 'never'], fallback: 'default', help: 'default: pods that a policy speaks of' },
  'policy-audit': { kind: 'truth', fallback: 'false', help: 'what policy would drop passes and is told' },
  'dns-proxy': {
    kind: ['auto', 'off'],
    fallback: 'auto',
    help: 'auto: when policies ask for it; off: DNS that policies look at is dropped',
  },
  'dns-proxy-port': { kind: 'number', fallback: '0', help: 'port of this node that it is led to; 0: chosen once and kept' },
  'dns-reject': { kind: ['refused', 'nxdomain'], fallback: 'refused', help: 'what pods are told of names that they may not ask for' },
  'dns-refuse-private': {
    kind: 'truth',
    fallback: 'false',
    help: 'names outside of the cluster with private, link-local or loopback addresses are refused',
  },
  'dns-log-file': { kind: 'text', fallback: '', help: 'file of every question and answer that goes through the DNS proxy; empty: none' },
  'dns-log-file-size': { kind: 'number', fallback: '67108864', help: 'bytes at which a new one is begun' },
  'dns-log-files': { kind: 'number', fallback: '5', help: 'how many are kept' },
  'cluster-domain': { kind: 'text', fallback: 'cluster.local', help: "DNS domain of the cluster's services and pods" },
  masquerade: { kind: 'truth', fallback: 'true', help: "pods reach addresses outside of the cluster with the node's address" },
  'metrics-listen': { kind: 'text', fallback: '', help: 'address and port for Prometheus, like :9962; empty: only on the socket' },
  'health-interval': { kind: 'number', fallback: '60', help: 'seconds between probes of the other nodes; 0: none' },
  'map-entries': { kind: 'list', fallback: '', help: 'entries of maps, like conntrack=500000,policy=200000' },
  'log-level': { kind: levels, fallback: 'info', help: 'lines that are less important are not written' },
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof options;

export interface Config {
  readonly nodeName: string;
  readonly clusterName: string;
  readonly clusterId: number;
  readonly kubeconfig: string | undefined;
  readonly etcdEndpoints: readonly string[];
  readonly etcdTls: { readonly ca: string; readonly certificate?: string; readonly key?: string } | undefined;
  readonly stateDir: string;
  readonly runDir: string;
  readonly bpffs: string;
  readonly cniConfDir: string;
  readonly cniBinDir: string;
  readonly routingMode: 'overlay' | 'native';
  readonly tunnelPort: number;
  readonly nodeAddresses: readonly string[];
  readonly datapath: 'auto' | 'kernel' | 'wasm';
  readonly socketLb: boolean;
  readonly cgroupRoot: string | undefined;
  readonly policyEnforcement: 'default' | 'always' | 'never';
  readonly policyAudit: boolean;
  readonly dnsProxy: 'auto' | 'off';
  /** 0: chosen once and kept. */
  readonly dnsProxyPort: number;
  readonly dnsReject: 'refused' | 'nxdomain';
  readonly dnsRefusePrivate: boolean;
  readonly dnsLogFile: string | undefined;
  /** Bytes. */
  readonly dnsLogFileSize: number;
  readonly dnsLogFiles: number;
  readonly clusterDomain: string;
  readonly masquerade: boolean;
  readonly metricsListen: string;
  readonly healthIntervalMs: number;
  readonly mapEntries: Readonly<Record<string, number>>;
  readonly logLevel: Level;
  /** All of it by flag, as texts. */
  readonly texts: Readonly<Record<OptionName, string>>;
}

export interface ConfigReading {
  readonly config: Config;
  /** What was given and means nothing. */
  readonly warnings: readonly string[];
}

/** Flags come before the environment (AXONEME_NODE_NAME), and that before files of `--config-dir`. Throws USAGE_INVALID. */
export function readConfig(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ConfigReading {
  const flags = readFlags(args);
  const folder = flags.get('config-dir');
  const { values, warnings } = folder === undefined ? { values: new Map<string, string>(), warnings: [] } : readFolder(folder);
  const names = Object.keys(options) as OptionName[];
  const text = (name: OptionName): string =>
    flags.get(name) ?? environment[`AXONEME_${name.toUpperCase().replaceAll('-', '_')}`] ?? values.get(name) ?? options[name].fallback;
  const texts = Object.fromEntries(names.map((name) => [name, check(name, text(name))])) as Record<OptionName, string>;
  return { config: configOf(texts), warnings };
}

export function configHelp(): string {
  const rows = Object.entries(options).map(([name, { kind, fallback, help }]): [string, string] => {
    const value = typeof kind === 'object' ? kind.join('|') : { text: 'TEXT', list: 'A,B', number: 'N', truth: 'true|false' }[kind];
    return [`--${name} ${value}`, `${help}${fallback === '' ? '' : ` (${fallback})`}`];
  });
  rows.push(['--config-dir FOLDER', 'a file for each of these, named like it, as ConfigMaps are mounted; flags come first']);
  const width = Math.max(...rows.map(([flag]) => flag.length)) + 2;
  return `axoneme agent [FLAGS]\n\n${rows.map(([flag, help]) => `  ${flag.padEnd(width)}${help}`).join('\n')}\n`;
}

function readFlags(args: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (let at = 0; at < args.length; at += 1) {
    const [, name = '', , inline] = /^--([a-z-]+)(=(.*))?$/s.exec(args[at] ?? '') ?? [];
    if (!Object.hasOwn(options, name) && name !== 'config-dir') throw usage(`no such flag: "${args[at]}": see axoneme agent --help`);
    const next = args[at + 1];
    const isBare = inline === undefined && kindOf(name) === 'truth' && next !== 'true' && next !== 'false';
    const value = isBare ? 'true' : (inline ?? next);
    if (value === undefined) throw usage(`--${name}: a value must follow`);
    if (inline === undefined && !isBare) at += 1;
    flags.set(name, value);
  }
  return flags;
}

function kindOf(name: string): Kind {
  return Object.hasOwn(options, name) ? options[name as OptionName].kind : 'text';
}

/** Hidden files are how a mounted ConfigMap is exchanged. */
function readFolder(folder: string): { values: Map<string, string>; warnings: string[] } {
  const values = new Map<string, string>();
  const warnings: string[] = [];
  try {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (name.startsWith('.') || !statSync(path).isFile()) continue;
      if (Object.hasOwn(options, name)) values.set(name, readFileSync(path, 'utf8').trim());
      else warnings.push(`${path}: no such option: it means nothing`);
    }
  } catch (error) {
    throw new AgentError('INPUT_UNREADABLE', `configuration: ${folder}: ${(error as Error).message}`, { cause: error });
  }
  return { values, warnings };
}

function check(name: OptionName, text: string): string {
  const kind: Kind = options[name].kind;
  if (typeof kind === 'object' && !kind.includes(text)) throw usage(`--${name}: not one of ${kind.join(', ')}: "${text}"`);
  if (kind === 'number' && !/^\d{1,9}$/.test(text)) throw usage(`--${name}: not a whole number: "${text}"`);
  if (kind === 'truth' && text !== 'true' && text !== 'false') throw usage(`--${name}: neither true nor false: "${text}"`);
  return text;
}

function configOf(texts: Record<OptionName, string>): Config {
  const clusterId = Number(texts['cluster-id']);
  if (clusterId > 255) throw usage(`--cluster-id: not 0 to 255: "${clusterId}"`);
  const optional = (text: string) => (text === '' ? undefined : text);
  const [ca, certificate, key] = [optional(texts['etcd-ca']), optional(texts['etcd-cert']), optional(texts['etcd-key'])];
  if ((certificate === undefined) !== (key === undefined)) throw usage('--etcd-cert and --etcd-key: one is nothing without the other');
  if (ca === undefined && certificate !== undefined) throw usage('--etcd-cert: nothing without --etcd-ca');
  return {
    nodeName: texts['node-name'] || hostname().toLowerCase(),
    clusterName: texts['cluster-name'],
    clusterId,
    kubeconfig: optional(texts.kubeconfig),
    etcdEndpoints: listOf(texts['etcd-endpoints']),
    etcdTls: ca === undefined ? undefined : { ca, ...(certificate !== undefined && key !== undefined && { certificate, key }) },
    stateDir: texts['state-dir'],
    runDir: texts['run-dir'],
    bpffs: texts.bpffs,
    cniConfDir: texts['cni-conf-dir'],
    cniBinDir: texts['cni-bin-dir'],
    routingMode: texts['routing-mode'] as Config['routingMode'],
    tunnelPort: Number(texts['tunnel-port']),
    nodeAddresses: listOf(texts['node-address']),
    datapath: texts.datapath as Config['datapath'],
    socketLb: texts['socket-lb'] === 'true',
    cgroupRoot: optional(texts['cgroup-root']),
    policyEnforcement: texts['policy-enforcement'] as Config['policyEnforcement'],
    policyAudit: texts['policy-audit'] === 'true',
    dnsProxy: texts['dns-proxy'] as Config['dnsProxy'],
    dnsProxyPort: portOf('dns-proxy-port', texts),
    dnsReject: texts['dns-reject'] as Config['dnsReject'],
    dnsRefusePrivate: texts['dns-refuse-private'] === 'true',
    dnsLogFile: optional(texts['dns-log-file']),
    dnsLogFileSize: Number(texts['dns-log-file-size']),
    dnsLogFiles: Number(texts['dns-log-files']),
    clusterDomain: texts['cluster-domain'],
    masquerade: texts.masquerade === 'true',
    metricsListen: texts['metrics-listen'],
    healthIntervalMs: Number(texts['health-interval']) * 1000,
    mapEntries: Object.fromEntries(listOf(texts['map-entries']).map(entriesOf)),
    logLevel: texts['log-level'] as Level,
    texts,
  };
}

function portOf(name: OptionName, texts: Record<OptionName, string>): number {
  const port = Number(texts[name]);
  if (port > 0xffff) throw usage(`--${name}: not a port: "${texts[name]}"`);
  return port;
}

function entriesOf(text: string): [string, number] {
  const [, name, count] = /^([a-z_]+)=(\d{1,9})$/.exec(text) ?? [];
  if (name === undefined || count === undefined) throw usage(`--map-entries: not a name and a number: "${text}"`);
  return [name, Number(count)];
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function usage(message: string): AgentError {
  return new AgentError('USAGE_INVALID', `agent: ${message}`);
}
