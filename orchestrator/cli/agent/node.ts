// axoneme node: the cluster's nodes as this one sees them.

import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../api/client.ts';
import type { Status as AgentStatus } from '../../api/status.ts';
import { AgentError } from '../../errors.ts';
import { readFlags, usageError } from '../policy/flags.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import { askingFlags, clientOf, itemsOf } from './asking.ts';
import { readDuration } from './duration.ts';
import { structured, tellRows } from './rows.ts';

const list: Subcommand = {
  sentence: 'every node: its number in maps, its address, how packets get there, and whether it answers',
  usage: 'node list [FLAGS]',
  flags: askingFlags,
  notes: `
HEALTH: the round trip of the last probe over the network below (underlay) and by way of the pods' (pods); or what failed.

Examples:
  axoneme node list
  axoneme node list -o yaml
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('node list', askingFlags, args);
    if (operands.length > 0) throw usageError('node list', `one too many: "${operands[0]}"`);
    const columns = ['node', 'number', 'address', 'way', 'prefixes'];
    await tellRows(terminal, await itemsOf(clientOf(values), '/v1/nodes'), values.output, {
      columns,
      ifAny: ['health'],
      none: 'no node is known',
    });
    return 0;
  },
};

const switchFlags = {
  ...askingFlags,
  wait: { value: 'DURATION', sentence: 'how long to wait until the agent serves in that mode; 60s' },
} as const;

const switchMode: Subcommand = {
  sentence: 'put this node, once it is drained, into kernel mode or into userspace mode (wasm)',
  usage: 'node switch-mode [FLAGS] kernel|wasm',
  flags: switchFlags,
  notes: `
Pods stay in the mode in which their interfaces were made, so none may be here but those of the host's network: drain the node first. The
agent takes away what its mode has made on the host, begins anew in the other one without being started again, and keeps it in mind.
Refused with the reason where pods are here, where this host does not allow that mode (axoneme probe), and where the agent was started
with --datapath kernel or --datapath wasm. Needs root.

Examples:
  kubectl drain a --ignore-daemonsets && axoneme node switch-mode wasm && kubectl uncordon a
  axoneme node switch-mode kernel
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('node switch-mode', switchFlags, args);
    const [mode] = operands;
    if (operands.length !== 1 || (mode !== 'kernel' && mode !== 'wasm')) {
      throw usageError('node switch-mode', 'name one mode: kernel or wasm');
    }
    const waitMs = readDuration('node switch-mode', 'wait', values.wait ?? '60s');
    const client = clientOf(values);
    const before = await startOf(client);
    const done = (await client.post('/v1/node/mode', { mode })) as Switched;
    if (done.isSwitched) await served(client, mode, before, waitMs);
    if (values.output === 'json' || values.output === 'yaml') terminal.write(await structured(done, values.output));
    else terminal.write(`node ${done.node} is in ${mode} mode${done.isSwitched ? '' : ' already'}\n`);
    return 0;
  },
};

interface Switched {
  readonly node: string;
  readonly mode: 'kernel' | 'wasm';
  readonly isSwitched: boolean;
}

const startOf = async (client: ApiClient) => ((await client.get('/v1/status')) as AgentStatus).about.startedAt;

/** Until another life of the agent answers, in that mode. */
async function served(client: ApiClient, mode: string, before: string, waitMs: number): Promise<void> {
  for (const end = performance.now() + waitMs; ; ) {
    const about = await client.get('/v1/status').then((status) => (status as AgentStatus).about, onlyUnreachable);
    if (about !== undefined && about.startedAt !== before) {
      if (about.mode === mode) return;
      throw new AgentError('API_REFUSED', `node: the agent is in ${about.mode} mode after all: its log says why`);
    }
    if (performance.now() > end) throw new AgentError('API_UNREACHABLE', `node: no agent in ${mode} mode answers yet: its log says why`);
    await sleep(100);
  }
}

function onlyUnreachable(error: unknown): undefined {
  if (!(error instanceof AgentError) || error.code !== 'API_UNREACHABLE') throw error;
  return undefined;
}

export const node = { verbs: { list, 'switch-mode': switchMode } };
