// Options of the command `dns-proxy`: the same for supervisor and child.

import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AgentError } from '../../errors.ts';

export interface ProxyOptions {
  /** Of this process: R/dns. */
  readonly folder: string;
  readonly runDir: string;
  readonly stateDir: string;
  readonly datapath: 'auto' | 'kernel' | 'wasm';
  /** Folder of pinned maps, in kernel mode. */
  readonly bpffs: string;
  readonly nodeName: string;
  /** 0: any. */
  readonly port: number;
  readonly logFile: string | undefined;
  /** Bytes at which the file gives way to the next one, and how many are kept. */
  readonly logFileBytes: number;
  readonly logFiles: number;
  readonly refusePrivate: boolean;
  /** Lower case, with its dot. */
  readonly clusterDomain: string;
  /** The listening sockets are there already. */
  readonly inherits: boolean;
}

const flags = {
  'run-dir': { type: 'string', default: '/run/axoneme' },
  'state-dir': { type: 'string', default: '/var/lib/axoneme' },
  datapath: { type: 'string', default: 'auto' },
  bpffs: { type: 'string', default: '/sys/fs/bpf/axoneme' },
  'node-name': { type: 'string', default: hostname().toLowerCase() },
  port: { type: 'string', default: '0' },
  'log-file': { type: 'string' },
  'log-file-size': { type: 'string', default: String(64 << 20) },
  'log-files': { type: 'string', default: '5' },
  'refuse-private': { type: 'boolean', default: false },
  'cluster-domain': { type: 'string', default: 'cluster.local' },
  inherits: { type: 'boolean', default: false },
} as const;

/** Throws USAGE_INVALID. */
export function readOptions(args: readonly string[]): ProxyOptions {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    throw usage((error as Error).message);
  }
  const { datapath } = values;
  if (datapath !== 'auto' && datapath !== 'kernel' && datapath !== 'wasm') throw usage(`--datapath: not auto, kernel or wasm: ${datapath}`);
  const domain = values['cluster-domain'].toLowerCase();
  return {
    folder: join(values['run-dir'], 'dns'),
    runDir: values['run-dir'],
    stateDir: values['state-dir'],
    datapath,
    bpffs: values.bpffs,
    nodeName: values['node-name'],
    port: whole(values.port, '--port', 0, 65_535),
    logFile: values['log-file'],
    logFileBytes: whole(values['log-file-size'], '--log-file-size', 4096, 2 ** 40),
    logFiles: whole(values['log-files'], '--log-files', 1, 100),
    refusePrivate: values['refuse-private'],
    clusterDomain: domain.endsWith('.') ? domain : `${domain}.`,
    inherits: values.inherits,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: flags, strict: true }).values;
}

function whole(text: string, flag: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw usage(`${flag}: not a whole number from ${least} to ${most}: ${text}`);
}

function usage(what: string): AgentError {
  return new AgentError('USAGE_INVALID', `dns-proxy: ${what}`);
}
