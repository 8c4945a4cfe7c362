// A flow that was judged, for people and for programs.

import type { Decision } from '../../../model/policy/evaluate/evaluate.ts';
import { explain } from '../../../model/policy/evaluate/explain.ts';
import { refText } from '../../../model/policy/rule.ts';
import type { Flow, FlowSide } from '../../../testing/flow.ts';
import { protocolNumbers } from '../../../testing/message.ts';
import type { Paint } from '../../paint.ts';

/** As the command line names them: an address may stand for a word. */
interface Names {
  readonly from: string;
  readonly to: string;
}

export function flowText(flow: Flow, names: Names, paint: Paint): string {
  const colour = flow.verdict === 'deny' ? paint.bad : paint.good;
  const head = `${paint.strong(`${names.from} → ${names.to} ${flow.port}/${flow.protocol}`)}: ${colour(flow.verdict)}`;
  return `${[head, ...sideLines(flow.egress, flow, names, paint), ...sideLines(flow.ingress, flow, names, paint)].join('\n')}\n`;
}

function sideLines(side: FlowSide, flow: Flow, names: Names, paint: Paint): string[] {
  const name = side.direction === 'egress' ? names.from : names.to;
  if (side.decision === undefined) return [`  ${side.direction} of ${name}: ${paint.faint('no policy is over it: it is no pod of ours')}`];
  const colour = side.verdict === 'deny' ? paint.bad : paint.good;
  return [`  ${side.direction} of ${name}: ${colour(side.verdict)}`, ...sentences(side.decision, flow, names).map((line) => `    ${line}`)];
}

function sentences(decision: Decision, { port, protocol }: Flow, names: Names): string[] {
  return explain(decision, { ...names, port, protocol: protocolNumbers[protocol] });
}

export function flowJson(flow: Flow, names: Names): object {
  const { protocol, port, verdict, reason } = flow;
  return {
    ...names,
    protocol,
    port,
    verdict,
    reason,
    egress: sideJson(flow.egress, flow, names),
    ingress: sideJson(flow.ingress, flow, names),
  };
}

function sideJson(side: FlowSide, flow: Flow, names: Names): object {
  const { verdict, ground, enforced, rules, decision } = side;
  const defaultDenyBy = decision?.defaultDenyBy.map(({ policy, path }) => `${refText(policy)} ${path}`) ?? [];
  const explanation = decision === undefined ? [] : sentences(decision, flow, names);
  return { verdict, ground, enforced, rules, defaultDenyBy, explanation };
}
