#!/usr/bin/env node
// axoneme: the command line. Chooses the command, tells its errors in a line, and sets the status: 0 done, 1 failed, 2 not understood.

import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type NounName, nounSentences } from './cli/agent/noun-list.ts';
import { openPaint, wantsColour } from './cli/paint.ts';
import { AgentError } from './errors.ts';

/** Each imports what it needs when it runs: they start without the others. */
interface Command {
  readonly sentence: string;
  /** Status of a foreseen error, where 1 is an answer. */
  readonly failed?: 2;
  /** Started by programs; the list leaves it out. */
  readonly isInternal?: true;
  run(args: readonly string[]): Promise<number>;
}

// In a checkout every start would take the types off some hundred files again, which costs half a second and 30 MB.
if (import.meta.url.endsWith('.ts')) enableCompileCache(fileURLToPath(new URL('../build/compile-cache', import.meta.url)));

const write = (text: string): void => void process.stdout.write(text);
const colour = wantsColour(process.stdout);

const commands: Readonly<Record<string, Command>> = {
  demo: {
    sentence: 'a cluster of two nodes on this machine, a shop in it, policies, an agent killed under load (--keep: it stays up)',
    run: async (args) => (await import('./cli/demo/command.ts')).demoCommand(args, { write, colour, paint: openPaint(colour) }),
  },
  tour: {
    sentence: 'a scripted set of packets through both machines, side by side',
    run: async () => (await import('./cli/tour.ts')).tour({ write, colour }),
  },
  probe: {
    sentence: 'what this node allows, what was tried, and the mode that follows (--json for programs)',
    async run(args) {
      const [{ probe }, { describeProbe }] = await Promise.all([import('./datapath/probe.ts'), import('./cli/probe.ts')]);
      const found = await probe();
      write(args.includes('--json') ? `${JSON.stringify(found, undefined, 2)}\n` : describeProbe(found, openPaint(colour)));
      return 0;
    },
  },
  policy: {
    sentence: 'policies, before they are applied (lint, test, explain, diff) and in force (get)',
    failed: 2,
    async run(args) {
      const { policy } = await import('./cli/policy/command.ts');
      return policy(args, { write, complain: (text) => void process.stderr.write(text), paint: openPaint(colour) });
    },
  },
  ...nouns(),
  sandbox: {
    sentence: 'clusters on this machine, to develop and test with: up, down, status, exec, apply, logs, kubeconfig',
    async run(args) {
      const { sandbox } = await import('./cli/sandbox/command.ts');
      return sandbox(args, { write, complain: (text) => void process.stderr.write(text), paint: openPaint(colour) });
    },
  },
  'sandbox-supervisor': {
    sentence: 'the process that a sandbox is built and kept by',
    isInternal: true,
    run: async ([folder]) => (await import('./sandbox/supervisor/supervisor.ts')).supervise(folder).then(() => process.exit(0)),
  },
  'sandbox-api-server': {
    sentence: 'the API of a cluster of a sandbox',
    isInternal: true,
    run: async ([file]) => (await import('./sandbox/control-plane/api-process.ts')).runApiServer(file).then(() => 0),
  },
  'sandbox-world': {
    sentence: 'the server outside every cluster of a sandbox',
    isInternal: true,
    // Its sockets keep the process.
    run: async () => (await import('./sandbox/fabric/world-server.ts')).serveWorld().then(() => 0),
  },
  'sandbox-kubelet': {
    sentence: 'the kubelet of a node of a sandbox',
    isInternal: true,
    run: async (args) => (await import('./sandbox/kubelet/command.ts')).kubeletCommand(args),
  },
  'sandbox-dns': {
    sentence: 'the names of a cluster of a sandbox',
    isInternal: true,
    run: async (args) => (await import('./sandbox/dns/command.ts')).dnsCommand(args),
  },
  agent: {
    sentence: 'the agent of this node: network, policy and services of its pods (--help lists its flags)',
    failed: 2,
    async run(args) {
      const { agentCommand } = await import('./agent/command.ts');
      return agentCommand(args, { write });
    },
  },
  datapath: {
    sentence: 'packets of a node without eBPF: starts the process that they run in, again when it ends (--run-dir, --workers)',
    run: async (args) => (await import('./datapath/wasm/process/command.ts')).datapathCommand(args),
  },
  'datapath-child': {
    sentence: 'the process that packets run in',
    isInternal: true,
    run: async (args) => (await import('./datapath/wasm/process/command.ts')).datapathChildCommand(args),
  },
  'datapath-worker': {
    sentence: 'a thread of it',
    isInternal: true,
    run: async () => (await import('./datapath/wasm/process/worker.ts')).runWorker().then(() => 0),
  },
  'dns-proxy': {
    sentence: 'questions of pods for names, answered as policy allows: starts the process that they go through, again when it ends',
    async run(args) {
      const [{ dnsProxyCommand }, { keepHeapSmall }] = await Promise.all([import('./dns/process/command.ts'), import('./heap.ts')]);
      keepHeapSmall();
      return dnsProxyCommand(args, async () => (await import('./agent/dns-maps.ts')).dnsSurroundings());
    },
  },
  'dns-proxy-child': {
    sentence: 'the process that questions for names go through',
    isInternal: true,
    async run(args) {
      const [{ dnsProxyChildCommand }, { dnsSurroundings }, { keepHeapSmall }] = await Promise.all([
        import('./dns/process/command.ts'),
        import('./agent/dns-maps.ts'),
        import('./heap.ts'),
      ]);
      keepHeapSmall();
      return dnsProxyChildCommand(args, dnsSurroundings());
    },
  },
  'dns-log-writer': {
    sentence: 'the process that writes their log to a file',
    isInternal: true,
    async run() {
      const [{ dnsLogWriterCommand }, { keepHeapSmall }] = await Promise.all([import('./dns/log/log-writing.ts'), import('./heap.ts')]);
      keepHeapSmall();
      return dnsLogWriterCommand();
    },
  },
  cleanup: {
    sentence: 'takes away all that an agent made on this node: links, routes, maps, hooks, files',
    failed: 2,
    async run(args) {
      const { cleanupCommand } = await import('./agent/cleanup.ts');
      return cleanupCommand(args, { write });
    },
  },
  operator: {
    sentence: 'what one process does for a whole cluster: definitions, status of policies, unused identities',
    async run(args) {
      const [{ runOperator }, { log }] = await Promise.all([import('./operator/command.ts'), import('./log.ts')]);
      const stopping = new AbortController();
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stopping.abort());
      return runOperator(args, { write, log, signal: stopping.signal });
    },
  },
  version: {
    sentence: 'the version of this package',
    async run() {
      const { version } = await import('./version.ts');
      write(`${version()}\n`);
      return 0;
    },
  },
  help: {
    sentence: 'this list',
    async run() {
      write(usage());
      return 0;
    },
  },
};

/** The commands that ask a running agent. */
function nouns(): Record<string, Command> {
  const entries = Object.entries(nounSentences).map(([name, sentence]): [string, Command] => {
    const run = async (args: readonly string[]) => {
      const { runNoun } = await import('./cli/agent/nouns.ts');
      const terminal = { write, complain: (text: string) => void process.stderr.write(text), paint: openPaint(colour) };
      return runNoun(name as NounName, args, terminal);
    };
    return [name, { sentence, failed: 2, run }];
  });
  return Object.fromEntries(entries);
}

function usage(): string {
  const listed = Object.entries(commands).filter(([, { isInternal }]) => !isInternal);
  const width = Math.max(...listed.map(([name]) => name.length)) + 2;
  const rows = listed.map(([name, { sentence }]) => `  ${name.padEnd(width)}${sentence}`);
  return `axoneme COMMAND\n\n${rows.join('\n')}\n`;
}

function find(name: string): Command | undefined {
  const wanted = { '--help': 'help', '-h': 'help', '--version': 'version' }[name] ?? name;
  return Object.hasOwn(commands, wanted) ? commands[wanted] : undefined;
}

/** The status of a program that SIGPIPE ends, which Node ignores. */
const readerLeft = 128 + 13;
// A reader that has seen enough, such as head, is no fault of ours, but nor was the work finished.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(readerLeft);
});

const [name = 'help', ...args] = process.argv.slice(2);
const command = find(name);
try {
  if (command === undefined) throw new AgentError('COMMAND_UNKNOWN', `command line: no such command: "${name}": see axoneme help`);
  process.exitCode = await command.run(args);
} catch (error) {
  // What the program foresaw is one line; anything else is a fault of ours and keeps its stack.
  if (!(error instanceof AgentError)) throw error;
  process.stderr.write(`axoneme: ${error.message} (${error.code})\n`);
  process.exitCode = command === undefined ? 2 : (command.failed ?? 1);
}
