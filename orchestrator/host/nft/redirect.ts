// Redirect: packets that are on their way to the proxy are given to its transparent sockets as they are, and dropped when it has none. The
// mark of what was given changes, so that routing can tell it from what was not: without these tables nothing arrives.

import {
  MARK_KIND_MASK,
  MARK_KIND_PROXY,
  MARK_KIND_PROXY_ANSWER,
  MARK_KIND_PROXY_TAKEN,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from '../../datapath/generated/enums.ts';
import { errno } from '../../datapath/kernel/errno.ts';
import { proxyDevice, redirectTableName } from '../ours.ts';
import type { Change, Failure, Session } from '../session.ts';
import { accept, comesBy, drop, giveToListener, markIs, protocolIs, setMark, untracked } from './expression.ts';
import { countRules, families, findTable, fingerprint, write } from './masquerade.ts';
import { type Family, newChain, newRule, newTable, removeTable, subsystem } from './message.ts';

/** NF_INET_PRE_ROUTING and NF_INET_LOCAL_OUT before connections are tracked, NF_INET_PRE_ROUTING before routing and translation. */
const chains = {
  untracked: { name: 'untracked', type: 'filter', hook: 0, priority: -300 },
  answers: { name: 'answers', type: 'filter', hook: 3, priority: -300 },
  queries: { name: 'queries', type: 'filter', hook: 0, priority: -150 },
} as const;
const missingTproxy =
  'the kernel has no nft_tproxy (CONFIG_NFT_TPROXY), without which nothing can be given to the proxy: what policies send there is dropped; ' +
  'load it (modprobe nft_tproxy), or boot a kernel that has it';

/** How packets on their way to the proxy are known: by their mark, or by the device of ours that they come by. */
export type QuerySign = 'mark' | 'device';

export interface RedirectTables {
  /** UDP and TCP. */
  readonly port: number;
  readonly sign: QuerySign;
  readonly families: readonly (4 | 6)[];
}

/** Makes both tables as planned; what stood in the way, in words. Where nothing can be given to a socket, everything is dropped. */
export function applyRedirectTables(session: Session, plan: RedirectTables | undefined): string[] {
  return families.flatMap(([family, number]) => {
    const there = findTable(session, family, redirectTableName);
    if (plan === undefined || !plan.families.includes(number))
      return there === undefined ? [] : write(session, family, [removeTable(family, redirectTableName)]);
    const giving = Object.values(protocols).map((protocol) => givingRule(family, protocol, plan));
    if (isThere(session, family, there, plan, giving.length)) return [];
    const failed = session.transaction(subsystem, tableOf(family, plan, giving));
    if (failed.length === 0) return [];
    const dropping = isThere(session, family, there, plan, 0) ? [] : write(session, family, tableOf(family, plan, []));
    return [`IPv${number}: ${reasonOf(failed)}`, ...dropping];
  });
}

const protocols = { udp: PROTOCOL_UDP, tcp: PROTOCOL_TCP };

function reasonOf([first]: readonly Failure[]): string {
  if (first?.change.step === givingStep && first.result === -errno.noent) return missingTproxy;
  return `${first?.change.step}: ${first?.message}`;
}

const givingStep = `rule in ${chains.queries.name} that gives to the proxy`;

function givingRule(family: Family, protocol: number, { port, sign }: RedirectTables): Change {
  const given = [...giveToListener(family, port), ...setMark(MARK_KIND_PROXY_TAKEN, MARK_KIND_MASK), ...accept()];
  const rule = newRule(family, redirectTableName, chains.queries.name, [...isQuery(sign), ...protocolIs(protocol), ...given]);
  return { ...rule, step: givingStep };
}

function tableOf(family: Family, plan: RedirectTables, giving: readonly Change[]): Change[] {
  const rule = (chain: keyof typeof chains, ...expressions: Uint8Array[]) => newRule(family, redirectTableName, chain, expressions);
  return [
    newTable(family, redirectTableName),
    removeTable(family, redirectTableName),
    newTable(family, redirectTableName, commentOf(plan, giving.length)),
    ...Object.values(chains).map((chain) => newChain(family, redirectTableName, chain)),
    rule('untracked', ...isQuery(plan.sign), ...untracked()),
    rule('answers', ...markIs(MARK_KIND_PROXY_ANSWER, MARK_KIND_MASK), ...untracked()),
    ...giving,
    rule('queries', ...isQuery(plan.sign), ...drop()),
  ];
}

function isQuery(sign: QuerySign): Uint8Array[] {
  return sign === 'mark' ? markIs(MARK_KIND_PROXY, MARK_KIND_MASK) : comesBy(proxyDevice);
}

function commentOf(plan: RedirectTables, giving: number): string {
  return fingerprint({ port: plan.port, sign: plan.sign, giving });
}

/** `giving` is the number of rules that give packets to the proxy; behind them stands the one that drops. */
function isThere(session: Session, family: Family, comment: string | undefined, plan: RedirectTables, giving: number): boolean {
  const rules = { untracked: 1, answers: 1, queries: giving + 1 };
  if (comment !== commentOf(plan, giving)) return false;
  return Object.entries(rules).every(([chain, count]) => countRules(session, family, redirectTableName, chain) === count);
}
