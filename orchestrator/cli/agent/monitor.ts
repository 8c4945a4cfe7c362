// axoneme monitor: what happened to packets, and why; what is kept, or what comes.

import { flowTypes } from '../../flows/filter.ts';
import type { FlowLine } from '../../flows/flow.ts';
import { readFlags, usageError } from '../policy/flags.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import type { Status, Terminal } from '../policy/terminal.ts';
import { askingFlags, clientOf } from './asking.ts';
import { readDuration } from './duration.ts';
import { flowText } from './flow-text.ts';
import { structured } from './rows.ts';

const flags = {
  ...askingFlags,
  follow: { short: 'f', sentence: 'go on with those to come, until it is ended' },
  last: { value: 'N', sentence: 'at most so many of the kept ones: 20 when left out; with --follow none' },
  all: { sentence: 'all kept ones' },
  since: { value: 'DURATION', sentence: 'none older than so long: 90s, 5m, 2h' },
  type: { value: 'TYPE', short: 't', choices: flowTypes, repeats: true, sentence: 'what happened' },
  pod: { value: 'POD', repeats: true, sentence: 'namespace/pod at either end; namespace/ for all of one; or an address' },
  from: { value: 'POD', repeats: true, sentence: 'the same, at the source' },
  to: { value: 'POD', repeats: true, sentence: 'the same, at the destination' },
  port: { value: 'PORT', repeats: true, sentence: 'destination port; of ICMP the type' },
  protocol: { value: 'NAME', choices: ['tcp', 'udp', 'sctp', 'icmp', 'icmpv6'], repeats: true, sentence: 'of the transport' },
  identity: { value: 'NUMBER', repeats: true, sentence: 'identity at either end' },
  rule: { value: 'TEXT', sentence: 'a part of the name of a rule that decided' },
} as const;

export const monitor: Subcommand = {
  sentence: 'drops and verdicts of this node, with pods, reasons and rules',
  usage: 'monitor [FLAGS]',
  flags,
  notes: `
The agent keeps the last two thousand drops, each kind once a minute with how many more came, and apart from them as many allowed flows;
of an allowed flow only the first packet is told.
A drop is told where it was decided: by the egress of the source or the ingress of the destination, on that pod's node. Flags of one name
are alternatives, of different names conditions. -o json prints Hubble's lines, which axoneme policy diff --flows reads.

Examples:
  axoneme monitor --type drop
  axoneme monitor --type drop --pod shop/db --since 2h
  axoneme monitor --follow --from shop/ --to 203.0.113.10
  axoneme monitor --follow -o json > flows.jsonl
`,
  run,
};

async function run(args: readonly string[], terminal: Terminal): Promise<Status> {
  const { values, operands } = readFlags('monitor', flags, args);
  if (operands.length > 0) throw usageError('monitor', `one too many: "${operands[0]}": name pods with --pod, --from, --to`);
  const last = values.all ? undefined : wholeNumber('last', values.last ?? (values.follow ? '0' : '20'));
  const query = {
    follow: values.follow,
    last: last,
    since: values.since === undefined ? undefined : Math.floor(Date.now() - readDuration('monitor', 'since', values.since)),
    type: values.type,
    pod: values.pod,
    from: values.from,
    to: values.to,
    port: values.port.map((port) => wholeNumber('port', port)),
    protocol: values.protocol,
    identity: values.identity.map((number) => wholeNumber('identity', number)),
    rule: values.rule,
  };
  let isEmpty = true;
  for await (const line of clientOf(values).lines('/v1/flows', query)) {
    isEmpty = false;
    terminal.write(await lineText(line as FlowLine, values.output, terminal));
  }
  if (isEmpty && !values.follow) terminal.complain('no such flow is kept: --follow waits for one\n');
  return 0;
}

async function lineText(line: FlowLine, form: string | undefined, terminal: Terminal): Promise<string> {
  if (form === 'json') return `${JSON.stringify(line)}\n`;
  if (form === 'yaml') return `---\n${await structured(line, 'yaml')}`;
  return `${flowText(line, terminal.paint, form === 'wide')}\n`;
}

function wholeNumber(flag: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw usageError('monitor', `--${flag} is a whole number: "${text}"`);
  return Number(text);
}
