// Manifests as large as they are read, and larger, one a run: `node large.ts NUMBER` prints what becomes of it and the time of the
// processor that it took.

import { readManifests } from '../../orchestrator/manifests/read.ts';
import { complaints, good, outcome } from './whole-way.ts';

const million = 1_000_000;
const rule = (index: number) =>
  `  - toCIDR:\n    - 10.${index % 256}.${(index >> 8) % 256}.0/24\n    toPorts:\n    - ports:\n      - port: "${1 + (index % 60_000)}"\n        protocol: TCP\n`;
const head = good('large').replace('  ingress:\n  - {}\n', '  egress:\n');
const fill = (start: string, part: (index: number) => string, length = 10 * million) => {
  const parts = [start];
  for (let [size, index] = [start.length, 0]; size < length; index++) {
    parts.push(part(index));
    size += parts[parts.length - 1].length;
  }
  return parts.join('');
};
const item = (index: number) => `- ${good(`p${index}`).trimEnd().replaceAll('\n', '\n  ')}\n`;
const object = (index: number) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: `p${index}` },
  spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] },
});
/** Characters of YAML that a document may have, and words and marks of it. */
const most = 4 * million;
const mostRules = 2 * million;
const inJson = (rules: number) => ({
  ...{ apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name: 'large', namespace: 'shop' } },
  spec: {
    endpointSelector: {},
    egress: Array.from({ length: rules }, (_, index) => ({
      toCIDR: [`10.${index % 256}.${(index >> 8) % 256}.0/24`],
      toPorts: [{ ports: [{ port: `${1 + (index % 60_000)}`, protocol: 'TCP' }] }],
    })),
  },
});
/** What it is, its text, and how many of its documents are refused. */
export const large: [what: string, text: () => string, refused: number][] = [
  ['one policy', () => fill(head, rule, mostRules), 0],
  ['one policy, every rule of it wrong', () => fill(head, (index) => rule(index).replace('TCP', 'tcp').replace('/24', ''), mostRules), 1],
  ['one policy of ten million characters', () => fill(head, rule), 1],
  ['one policy of ten million characters in JSON', () => JSON.stringify(inJson(110_000)), 0],
  ['many documents', () => fill('', (index) => `---\n${good(`p${index}`)}`, 2.5 * million), 0],
  ['a list', () => fill('apiVersion: v1\nkind: List\nitems:\n', item, 4.5 * million), 0],
  [
    'a list in JSON',
    () => JSON.stringify({ apiVersion: 'v1', kind: 'List', items: Array.from({ length: 25_000 }, (_, index) => object(index)) }),
    0,
  ],
  ['a label', () => head.replace('{}', `{matchLabels: {a: ${'a'.repeat(most)}}}`).replace('egress:', 'egress: [{}]'), 1],
  [
    'a path that is an expression',
    () =>
      fill(head, () => ' ', 10).concat(
        `\n  - toPorts:\n    - ports: [{port: "80", protocol: TCP}]\n      rules: {http: [{path: "${'(a+)+'.repeat(most / 5)}"}]}\n`,
      ),
    1,
  ],
  ['a name', () => fill(head, () => ' ', 10).concat(`\n  - toFQDNs: [{matchPattern: "${'*a.'.repeat(most / 3)}"}]\n`), 1],
];

if (import.meta.main) {
  const text = large[Number(process.argv[2])][1]();
  const before = process.cpuUsage();
  const outcomes = readManifests(text, { file: 'spoilt.yaml' }).map(outcome);
  const { user, system } = process.cpuUsage(before);
  const milliseconds = Math.round((user + system) / 1000);
  const refused = outcomes.filter((one) => !one.accepted);
  const complained = refused.flatMap((one) => [...complaints(text, one)]);
  console.log(JSON.stringify({ length: text.length, documents: outcomes.length, refused: refused.length, complained, milliseconds }));
}
