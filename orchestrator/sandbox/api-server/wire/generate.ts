// Makes generated/messages.ts: the messages of the kinds that are served, from the descriptors that every client of Kubernetes in Go carries.
// `node orchestrator/sandbox/api-server/wire/generate.ts [program]` reads the kubectl on the path; with --check it only says whether the file
// is what it would write.
import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { definition } from '../schema/definitions.ts';
import { bytesAt, fieldsOf, numberAt } from './reader.ts';
import { unsaid } from './zeros.ts';

const output = new URL('./generated/messages.ts', import.meta.url);

const roots: readonly string[] = [
  'meta.v1.DeleteOptions',
  ...['Pod', 'Service', 'Endpoints', 'Namespace', 'Node', 'ConfigMap', 'Secret', 'ServiceAccount', 'Event', 'Binding'].map(
    (kind) => `core.v1.${kind}`,
  ),
  'discovery.v1.EndpointSlice',
  'coordination.v1.Lease',
  'networking.v1.NetworkPolicy',
  'policy.v1.Eviction',
  ...['TokenRequest', 'TokenReview', 'SelfSubjectReview'].map((kind) => `authentication.v1.${kind}`),
  ...['SubjectAccessReview', 'SelfSubjectAccessReview', 'LocalSubjectAccessReview', 'SelfSubjectRulesReview'].map(
    (kind) => `authorization.v1.${kind}`,
  ),
];

interface Member {
  readonly name: string;
  readonly number: number;
  /** `string`, `bytes`, `int`, `bool`, or a message. */
  readonly type: string;
  readonly repeated: boolean;
}

interface Message {
  readonly members: readonly Member[];
  readonly isEntry: boolean;
}

const short = (name: string) =>
  name.replace(/^\.?k8s\.io\.(?:api|apimachinery\.pkg)\./, '').replace(/^(?:apis|api|util)\.(?=meta|resource|intstr)/, '');

/** Every descriptor in a program: packed texts that name the file that they describe. */
function* descriptors(program: Buffer): Generator<Buffer> {
  const start = Buffer.from([0x1f, 0x8b, 8, 0]);
  for (let at = program.indexOf(start); at !== -1; at = program.indexOf(start, at + 1)) {
    try {
      const text = gunzipSync(program.subarray(at, at + 200_000));
      if (/^\n.k8s\.io\/api[\w./]*generated\.proto/.test(text.subarray(0, 100).toString('latin1'))) yield text;
    } catch {
      // What only looks like a beginning.
    }
  }
}

const plain: Readonly<Record<number, string>> = { 3: 'int', 5: 'int', 8: 'bool', 9: 'string', 12: 'bytes', 1: 'double' };

function read(message: Buffer, prefix: string, into: Map<string, Message>): void {
  const parts = fieldsOf(message);
  const name = `${prefix}.${bytesAt(parts, 1)}`;
  const members = parts
    .filter(({ number }) => number === 2)
    .map(({ value }) => {
      const field = fieldsOf(value as Buffer);
      const type = plain[Number(numberAt(field, 5))] ?? short(bytesAt(field, 6).toString());
      return { name: bytesAt(field, 1).toString(), number: Number(numberAt(field, 3)), type, repeated: numberAt(field, 4) === 3n };
    });
  into.set(name, { members, isEntry: numberAt(fieldsOf(bytesAt(parts, 7)), 7) === 1n });
  for (const { number, value } of parts) if (number === 3) read(value as Buffer, name, into);
}

function messagesOf(program: Buffer): Map<string, Message> {
  const messages = new Map<string, Message>();
  for (const file of descriptors(program)) {
    const parts = fieldsOf(file);
    const prefix = short(bytesAt(parts, 2).toString());
    for (const { number, value } of parts) if (number === 4) read(value as Buffer, prefix, messages);
  }
  return messages;
}

/** `number name type`, as generated/messages.ts says it. */
function row(owner: string, { name: own, number, type, repeated }: Member, messages: ReadonlyMap<string, Message>): string {
  const kind = owner.split('.').at(-1) ?? '';
  const shape = definition(owner === 'discovery.v1.EndpointPort' ? 'SlicePort' : kind);
  const entry = messages.get(type);
  // Where it is spelled `uID`, JSON has `uid`.
  const name = Object.keys(shape?.properties ?? {}).find((one) => one.toLowerCase() === own.toLowerCase()) ?? own;
  if (entry?.isEntry) return `${number} ${name} {}${entry.members[1].type}`;
  if (repeated) return `${number} ${name} []${type}`;
  // A struct that is written as if its fields were its owner's own.
  const inlined = entry !== undefined && shape?.properties !== undefined && !Object.hasOwn(shape.properties, name);
  if (inlined) return `${number} ^ ${type}`;
  const silent = unsaid.has(`${kind}.${name}`) || (type === 'string' && shape?.required?.includes(name) !== true);
  return `${number} ${name}${silent ? '?' : ''} ${type}`;
}

function generate(messages: ReadonlyMap<string, Message>): string {
  const rows = new Map<string, string>();
  const waiting = [...roots];
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const message = messages.get(name);
    if (rows.has(name)) continue;
    if (message === undefined) throw new Error(`${name}: the program has no descriptor of it`);
    rows.set(name, message.members.map((member) => row(name, member, messages)).join('\n'));
    for (const { type } of message.members) {
      const below = messages.get(type);
      waiting.push(...[type, ...(below?.isEntry ? [below.members[1].type] : [])].filter((one) => messages.get(one)?.isEntry === false));
    }
  }
  const lines = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, text]) => `  '${name}': ${JSON.stringify(text)},`);
  return [
    '// Generated by wire/generate.ts from the descriptors in a kubectl (the API of Kubernetes, Apache-2.0): do not edit.',
    '/**',
    ' * Message → a line `number name[?] type` for each field. `?`: its zero says nothing; `[]` a list, `{}` a map of texts to it;',
    " * a name `^`: what it holds are the message's own fields.",
    ' */',
    'export const messages: Readonly<Record<string, string>> = {',
    ...lines,
    '};\n',
  ].join('\n');
}

const [asked] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const program = asked ?? execFileSync('which', ['kubectl'], { encoding: 'utf8' }).trim();
const text = generate(messagesOf(readFileSync(realpathSync(program))));
if (process.argv.includes('--check')) {
  if (readFileSync(output, 'utf8') !== text) {
    process.stderr.write('wire/generated/messages.ts is stale: run wire/generate.ts\n');
    process.exitCode = 1;
  }
} else writeFileSync(output, text);
