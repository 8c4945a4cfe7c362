// axoneme dns: what pods ask for, what they were told, and which selectors of policies grant it.

import type { DnsFlow } from '../../dns/log/dns-flow.ts';
import { endWords } from '../../flows/summary.ts';
import { readFlags, usageError } from '../policy/flags.ts';
import type { Subcommand } from '../policy/subcommand.ts';
import type { Status, Terminal } from '../policy/terminal.ts';
import { askingFlags, clientOf, itemsOf } from './asking.ts';
import { readDuration } from './duration.ts';
import { structured, tellRows } from './rows.ts';

const nameFlag = { value: 'NAME', sentence: 'a name, or a pattern: * is any part of a label' } as const;
const endpointFlag = { value: 'NUMBER', sentence: 'of one endpoint, as endpoint list numbers them' } as const;

const logFlags = {
  ...askingFlags,
  follow: { short: 'f', sentence: 'go on with those to come, until it is ended' },
  last: { value: 'N', sentence: 'at most so many of the kept ones: 20 when left out; with --follow none' },
  since: { value: 'DURATION', sentence: 'none older than so long: 90s, 5m, 2h' },
  pod: { value: 'POD', sentence: 'namespace/pod, or namespace/ for all of one' },
  name: nameFlag,
  verdict: { value: 'VERDICT', choices: ['forwarded', 'dropped', 'error'], sentence: 'what became of it; dropped: refused by policy' },
} as const;

const log: Subcommand = {
  sentence: 'questions of pods and their answers; --follow for those to come',
  usage: 'dns log [FLAGS]',
  flags: logFlags,
  notes: `
Only of pods whose DNS policies look at (rules.dns). The DNS proxy keeps the last ten thousands of records. -o json prints Hubble's lines.

Examples:
  axoneme dns log --verdict dropped
  axoneme dns log --follow --pod shop/web
  axoneme dns log --name '*.example.com' --since 10m -o json
`,
  run: runLog,
};

async function runLog(args: readonly string[], terminal: Terminal): Promise<Status> {
  const { values, operands } = readFlags('dns log', logFlags, args);
  if (operands.length > 0) throw usageError('dns log', `one too many: "${operands[0]}": name pods with --pod, names with --name`);
  const query = {
    follow: values.follow,
    limit: values.last === undefined ? (values.follow ? 0 : 20) : wholeNumber('dns log', 'last', values.last),
    since: values.since === undefined ? undefined : Math.floor(Date.now() - readDuration('dns log', 'since', values.since)),
    pod: values.pod,
    name: values.name,
    verdict: values.verdict?.toUpperCase(),
  };
  let isEmpty = true;
  for await (const record of clientOf(values).lines('/v1/dns/log', query)) {
    isEmpty = false;
    terminal.write(await recordText(record as DnsFlow, values.output, terminal));
  }
  if (isEmpty && !values.follow) terminal.complain('no such question or answer is kept: --follow waits for one\n');
  return 0;
}

async function recordText(record: DnsFlow, form: string | undefined, { paint }: Terminal): Promise<string> {
  if (form === 'json') return `${JSON.stringify(record)}\n`;
  if (form === 'yaml') return `---\n${await structured(record, 'yaml')}`;
  const { time, verdict, source, destination, IP, Summary, rule, l7 } = record;
  const word = verdict.padEnd(9);
  const shown = verdict === 'FORWARDED' ? paint.good(word) : paint.bad(word);
  const latency = l7.latency_ns === undefined ? '' : ` in ${(l7.latency_ns / 1e6).toFixed(1)} ms`;
  const by = rule === undefined || l7.type === 'RESPONSE' ? '' : ` by ${rule}`;
  const ends = `${endWords(source, IP.source)} → ${endWords(destination, IP.destination)}`;
  return `${time.replace('T', ' ')}  ${shown}  ${ends} ${Summary}${latency}${by}\n`;
}

const listFlags = {
  ...askingFlags,
  endpoint: endpointFlag,
  name: nameFlag,
  address: { value: 'ADDRESS', sentence: 'only names of this one' },
} as const;

const list: Subcommand = {
  sentence: 'addresses that pods of this node were told, with their names',
  usage: 'dns cache list [FLAGS]',
  flags: listFlags,
  notes: `
TTL is what is left, in seconds; 0: it has expired, and the pod must ask again before it opens another connection.

Examples:
  axoneme dns cache list
  axoneme dns cache list --name '*.example.com'
  axoneme dns cache list --address 203.0.113.10
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('dns cache list', listFlags, args);
    if (operands.length > 0) throw usageError('dns cache list', `one too many: "${operands[0]}": names go with --name`);
    const items = await itemsOf(clientOf(values), '/v1/dns/cache', {
      endpoint: numberOf('dns cache list', values.endpoint),
      name: values.name,
      address: values.address,
    });
    const rows = items.map(({ namespace, pod, ...row }) => ({ pod: `${namespace}/${pod}`, ...row }));
    await tellRows(terminal, rows, values.output, { columns: ['pod', 'name', 'address', 'ttl'], none: 'no pod was told such a name' });
    return 0;
  },
};

const cleanFlags = { ...askingFlags, endpoint: endpointFlag, name: nameFlag, all: { sentence: 'everything, of every pod' } } as const;

const clean: Subcommand = {
  sentence: 'take back what pods were told: they must ask again',
  usage: 'dns cache clean [FLAGS]',
  flags: cleanFlags,
  notes: `
With it goes what that lets them reach, connections that live too. Needs root.

Examples:
  axoneme dns cache clean --name api.example.com
  axoneme dns cache clean --endpoint 7
  axoneme dns cache clean --all
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('dns cache clean', cleanFlags, args);
    if (operands.length > 0) throw usageError('dns cache clean', `one too many: "${operands[0]}": names go with --name`);
    if (values.all !== true && values.name === undefined && values.endpoint === undefined) {
      throw usageError('dns cache clean', 'say what: --name, --endpoint or --all');
    }
    const query = { endpoint: numberOf('dns cache clean', values.endpoint), name: values.name };
    const { names } = (await clientOf(values).delete('/v1/dns/cache', query)) as { names: number };
    if (values.output === 'json' || values.output === 'yaml') terminal.write(await structured({ names }, values.output));
    else terminal.write(`${names === 1 ? '1 name' : `${names} names`} taken back\n`);
    return 0;
  },
};

const cacheVerbs = { list, clean };

/** The word behind `cache` chooses; without one it is listed. */
const cache: Subcommand = {
  sentence: 'what pods were told: list, or clean to take it back',
  usage: 'dns cache [list|clean] [FLAGS]',
  flags: { ...listFlags, all: cleanFlags.all },
  notes: `${list.notes}${clean.notes}`,
  async run(args, terminal) {
    const [verb = 'list', ...rest] = args;
    if (Object.hasOwn(cacheVerbs, verb)) return cacheVerbs[verb as keyof typeof cacheVerbs].run(rest, terminal);
    if (verb.startsWith('-')) return list.run(args, terminal);
    throw usageError('dns cache', `no such command: "${verb}": list or clean`);
  },
};

const names: Subcommand = {
  sentence: 'selectors of names that policies in force here use, with their identities and grants',
  usage: 'dns names [FLAGS]',
  flags: askingFlags,
  notes: `
GRANTS are addresses that pods may reach now because they were told them for a name that the selector matches, each counted for each pod.

Examples:
  axoneme dns names
  axoneme dns names -o json
`,
  async run(args, terminal) {
    const { values, operands } = readFlags('dns names', askingFlags, args);
    if (operands.length > 0) throw usageError('dns names', `one too many: "${operands[0]}"`);
    const rows = await itemsOf(clientOf(values), '/v1/dns/names');
    await tellRows(terminal, rows, values.output, { none: 'no policy in force here has names' });
    return 0;
  },
};

export const dns = { verbs: { log, cache, names } };

function numberOf(command: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : wholeNumber(command, 'endpoint', text);
}

function wholeNumber(command: string, flag: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw usageError(command, `--${flag} is a whole number: "${text}"`);
  return Number(text);
}
