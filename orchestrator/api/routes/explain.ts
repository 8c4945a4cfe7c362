// Explain: what becomes of a connection by what this node enforces, and why.

import { Problem } from '../problem.ts';
import type { Route } from '../route.ts';
import { fields, list, text, whole } from '../schema.ts';
import type { AskedConnection } from '../view.ts';

const verdict = { ...text(), enum: ['allow', 'deny', 'redirect', 'audit'] };
const direction = { ...text(), enum: ['egress', 'ingress'] };
const end = fields({
  name: text('namespace/pod, or as it was asked.'),
  identity: whole('0 when it is not known.'),
  labels: list(text('source:key=value')),
  node: text('Empty for this node and for outside.'),
});
const peer = 'namespace/pod, an address, or host, remote-node and the like.';

export const explainRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/explain',
    sentence: 'What becomes of a connection, by the entries that the datapath has now, and which rules say so.',
    query: {
      from: { type: 'string', required: true, sentence: `Who begins: ${peer}` },
      to: { type: 'string', required: true, sentence: `Whom it asks: ${peer}` },
      port: { type: 'string', required: true, sentence: 'A number, or what the pod calls it; of ICMP the type.' },
      protocol: { type: 'string', choices: ['tcp', 'udp', 'sctp', 'icmp', 'icmpv6'], sentence: 'Of the transport; tcp when left out.' },
    },
    answer: {
      type: 'application/json',
      schema: fields({
        from: end,
        to: end,
        protocol: text(),
        port: whole(),
        verdict,
        sides: list(
          fields({
            direction,
            pod: text(),
            verdict,
            policies: list(text('Those that select the pod: cnp/shop/web.')),
            rule: text('Of the entry that decided; empty when none did.'),
            explanation: list(text()),
          }),
        ),
        elsewhere: list(fields({ direction, pod: text(), node: text('Whose agent decides.') })),
      }),
    },
    others: { 503: 'Nothing is enforced here.' },
    async run({ view, query }) {
      if (view.explain === undefined) throw new Problem(503, 'explain: nothing is enforced here');
      const answer = await view.explain({
        from: query.text('from') ?? '',
        to: query.text('to') ?? '',
        protocol: (query.text('protocol') ?? 'tcp') as AskedConnection['protocol'],
        port: query.text('port') ?? '',
      });
      if (!('why' in answer)) return { json: answer };
      throw new Problem(404, `explain: ${answer.why}`, answer.hint === undefined ? {} : { hint: answer.hint });
    },
  },
];
