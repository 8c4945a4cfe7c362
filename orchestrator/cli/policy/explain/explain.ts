// axoneme policy explain: what becomes of one flow, and why: the verdict is the datapath's, the reasons are the rules'.

import { AgentError } from '../../../errors.ts';
import type { Enforcement } from '../../../model/policy/evaluate/question.ts';
import { openCluster } from '../../../testing/cluster.ts';
import type { Flow } from '../../../testing/flow.ts';
import { askingFlags } from '../../agent/asking.ts';
import { parseDns, parsePod, placeOf } from '../asked-peer.ts';
import { addDocument } from '../cluster-documents.ts';
import { podNames, readDocuments } from '../documents.ts';
import { type EngineName, engineNames } from '../engines.ts';
import { type FlagValues, readFlags, usageError } from '../flags.ts';
import { parsePeer, parsePortOrName } from '../peer.ts';
import { outputFlag, type Subcommand } from '../subcommand.ts';
import type { Status, Terminal } from '../terminal.ts';
import { flowJson, flowText } from './flow-text.ts';
import { explainLive, type LiveQuestion } from './live.ts';

const flags = {
  from: { value: 'PEER', sentence: 'who sends: NAMESPACE/POD, an address, host, remote-node, kube-apiserver, …' },
  to: { value: 'PEER', sentence: 'who is sent to: the same, or a DNS name given with --dns' },
  port: { value: 'PORT', sentence: '5432/tcp, 53/udp, 8/icmp; or a name of the destination; without a protocol it is TCP' },
  dns: { value: 'NAME=ADDRESS', repeats: true, sentence: 'a DNS answer that the sender got: api.example.com=203.0.113.10[,TTL]' },
  pod: { value: 'POD', repeats: true, sentence: 'a pod that is not in the files: shop/checkout:app=checkout,tier=front' },
  enforcement: { value: 'MODE', choices: ['default', 'always', 'never'], sentence: 'always: pods without a policy are closed too' },
  engine: { value: 'ENGINE', choices: engineNames, sentence: 'who answers (default wasm: the compiled datapath)' },
  live: { sentence: "ask this node's agent, by what is in force now; no files" },
  socket: { ...askingFlags.socket, sentence: `with --live: ${askingFlags.socket.sentence}` },
  output: { ...outputFlag, choices: ['human', 'json'] },
} as const;

const notes = `
FILES are manifests: policies and, as far as the flow needs them, pods (or Deployments and the like), namespaces, services, CIDR
groups. With --live the agent of a pod's node answers instead, by the entries that its datapath has; it decides the egress of its own
pods and the ingress into them. Status 0 whatever the verdict is.

Examples:
  axoneme policy explain --from shop/web --to shop/db --port 5432 policies/ cluster.yaml
  axoneme policy explain --live --from shop/web --to shop/db --port 5432
  axoneme policy explain --live --from 203.0.113.10 --to shop/web --port http
`;

export const explain: Subcommand = {
  sentence: 'what becomes of one flow, by which rule, or what is missing for it to pass',
  usage: 'policy explain --from PEER --to PEER --port PORT [FLAGS] (FILES… | --live)',
  flags,
  notes,
  run,
};

async function run(args: readonly string[], terminal: Terminal): Promise<Status> {
  const { values, operands } = readFlags('policy explain', flags, args);
  const { from, to, port } = values;
  if (from === undefined || to === undefined || port === undefined)
    throw usageError('policy explain', '--from, --to and --port are needed');
  if (values.live) return live({ ...values, from, to, port }, operands, terminal);
  if (values.socket !== undefined) throw usageError('policy explain', '--socket goes with --live');
  if (operands.length === 0) throw usageError('policy explain', 'no files were named, and --live was not');
  const asked = {
    from: parse('--from', () => parsePeer(from)),
    to: parse('--to', () => parsePeer(to)),
    ...parse('--port', () => parsePortOrName(port)),
  };
  const answers = values.dns.map((text) => parse('--dns', () => parseDns(text)));
  const declared = values.pod.map((text) => parse('--pod', () => parsePod(text)));
  const engine = (values.engine as EngineName | undefined) ?? 'wasm';
  const documents = await readDocuments(operands);
  await using cluster = await openCluster({ engine, enforcement: (values.enforcement as Enforcement | undefined) ?? 'default' });
  const problems = documents.flatMap((document) => addDocument(cluster, document));
  for (const { name, labels } of declared) cluster.pod(name, { labels });
  for (const answer of answers) cluster.answer(answer);
  const pods = [...podNames(documents), ...declared.map(({ name }) => name)];
  const addresses = new Map(answers.map(({ name, addresses: [first] }) => [name, first]));
  const question = { ...asked, from: placeOf(cluster, asked.from, pods, addresses), to: placeOf(cluster, asked.to, pods, addresses) };
  const flow: Flow = cluster.flow(question);
  for (const { file, line, column, message } of problems) {
    terminal.complain(`axoneme: ${file}:${line}:${column}: ${message}: it is not in force as it stands\n`);
  }
  const names = { from, to };
  if (values.output === 'json') terminal.write(`${JSON.stringify({ ...flowJson(flow, names), engine }, undefined, 2)}\n`);
  else terminal.write(flowText(flow, names, terminal.paint));
  return 0;
}

/** What belongs to a cluster of files says nothing of one that runs. */
const ofFiles = ['dns', 'pod', 'enforcement', 'engine'] as const;

async function live(values: FlagValues<typeof flags> & LiveQuestion, operands: readonly string[], terminal: Terminal): Promise<Status> {
  if (operands.length > 0) throw usageError('policy explain', `with --live no files are read: "${operands[0]}"`);
  const wrong = ofFiles.find((name) => (Array.isArray(values[name]) ? values[name].length > 0 : values[name] !== undefined));
  if (wrong !== undefined) throw usageError('policy explain', `--${wrong} does not go with --live`);
  parse('--port', () => parsePortOrName(values.port));
  return explainLive(values, terminal);
}

/** A value that is not understood is a mistake in the command line. */
function parse<T>(flag: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new AgentError('USAGE_INVALID', `policy explain: ${flag}: ${error.message}`);
  }
}
