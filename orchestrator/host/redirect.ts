// Redirect: the way of pods' queries to the transparent proxy of this node, and of its answers back: rules and tables of routing, and what
// nf_tables gives to sockets. What comes on that way and no socket takes is dropped, by nf_tables and, should that be flushed, by a rule.

import { MARK_KIND_MASK, MARK_KIND_PROXY, MARK_KIND_PROXY_ANSWER, MARK_KIND_PROXY_TAKEN } from '../datapath/generated/enums.ts';
import { AgentError } from '../errors.ts';
import { changeLink, findLink, type Link } from './links.ts';
import { droppingChains, netfilterHook } from './nft/foreign-chains.ts';
import { applyRedirectTables, type QuerySign } from './nft/redirect.ts';
import { proxyDevice, redirectTableName, routeTable, rulePriority } from './ours.ts';
import type { HostCheck, HostProblem } from './plan.ts';
import { isSameRoute, listOwnTables, type Route, removeRoute, replaceRoute } from './routes.ts';
import { addRule, isSameRule, listRules, nameOf, type Rule, removeRule } from './rules.ts';
import type { Change, Session } from './session.ts';

/** Of its problems and of its check. */
export const subject = 'redirect to the proxy';
const missingTables =
  'nf_tables cannot be used, without which nothing can be given to the proxy: what policies send there is dropped, but for what is addressed to ' +
  'this node itself; boot a kernel that has it with nft_tproxy, or load both';
const everywhere = { 4: '0.0.0.0/0', 6: '::/0' } as const;

export interface RedirectPlace {
  readonly session: Session;
  readonly netfilter: Session;
  /** `device`: userspace mode, where queries come out of `proxyDevice`, and answers go into it. */
  readonly sign: QuerySign;
}

export class Redirect {
  readonly #place: RedirectPlace;
  #isKnown = false;
  #port: number | undefined;
  #families: readonly (4 | 6)[] = [4, 6];
  #problems: readonly HostProblem[] = [];

  constructor(place: RedirectPlace) {
    this.#place = place;
  }

  /** Whether somebody wants it; undefined while nobody has said so: what an earlier process made stays. */
  get isWanted(): boolean | undefined {
    return this.#isKnown ? this.#port !== undefined : undefined;
  }

  want(port: number | undefined): void {
    this.#isKnown = true;
    this.#port = port;
  }

  /** Only these are used here; both until something is said, and those of before where none is. */
  setFamilies(families: readonly (4 | 6)[]): void {
    if (families.length > 0) this.#families = families;
  }

  /** By difference. What stood in the way; the rest is done all the same. `before` is what did already. */
  apply(before: readonly HostProblem[] = []): readonly HostProblem[] {
    if (!this.#isKnown) return [];
    try {
      const isGone = this.#port === undefined;
      const texts = isGone ? [...this.#applyTables(), ...this.#applyRouting()] : [...this.#applyRouting(), ...this.#applyTables()];
      this.#problems = [...before, ...texts.map((message) => ({ subject, message }))];
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      this.#problems = [...before, { subject, message: error.message }];
    }
    return this.#problems;
  }

  /** As of the last `apply`; none while nobody wants it. */
  checks(): HostCheck[] {
    if (this.#port === undefined) return [];
    const families = this.#families.map((family) => `IPv${family}`).join(' and ');
    const isOk = this.#problems.length === 0;
    const message = isOk
      ? `what policies send there comes to port ${this.#port}, UDP and TCP, ${families}`
      : this.#problems.map((problem) => problem.message).join('; ');
    const hint = `until then it is dropped where it can be; what is there: ip rule, nft list table ip ${redirectTableName}`;
    return [{ name: subject, ok: isOk, message, ...(!isOk && { hint }) }, ...this.#foreignDrops()];
  }

  /** What others drop of queries, which are this host's once a socket has them, and of answers, which it sends. */
  #foreignDrops(): HostCheck[] {
    const marks = { input: MARK_KIND_PROXY_TAKEN, output: MARK_KIND_PROXY_ANSWER };
    return (['input', 'output'] as const).flatMap((hook) => {
      const found = droppingChains(this.#place.netfilter, netfilterHook[hook]) ?? [];
      if (found.length === 0) return [];
      const what = hook === 'input' ? 'what pods ask the proxy' : 'what the proxy answers';
      const hint = `allow it there: iptables -I ${hook.toUpperCase()} -m mark --mark 0x${marks[hook].toString(16)}/0x${MARK_KIND_MASK.toString(16)} -j ACCEPT`;
      const message = `chain ${found.join(', chain ')} drops what no rule of it allows, ${what} included`;
      return [{ name: `foreign packet filters, ${hook}`, ok: false, message, hint }];
    });
  }

  #applyTables(): string[] {
    const { netfilter, sign } = this.#place;
    const port = this.#port;
    try {
      return applyRedirectTables(netfilter, port === undefined ? undefined : { port, sign, families: this.#families });
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      // Where there can be no tables there is none to remove.
      return port === undefined ? [] : [`${missingTables} (${error.message})`];
    }
  }

  /** What comes before what goes; rules that let go no further before those that lead on. */
  #applyRouting(): string[] {
    const { session, sign } = this.#place;
    const isWanted = this.#port !== undefined;
    const rules = isWanted ? this.#families.flatMap((family) => rulesOf(family, sign)) : [];
    const routes = isWanted ? this.#families.flatMap((family) => routesOf(session, family, sign)) : [];
    const [rulesThere, routesThere] = [listRules(session), ownRoutes(session)];
    const missing = rules.filter((rule) => !rulesThere.some((there) => isSameRule(there, rule)));
    const surplus = rulesThere.filter((there) => !rules.some((rule) => isSameRule(there, rule)));
    const lo = loopback(session);
    return failuresOf(session, [
      ...(isWanted && !lo.isUp ? [changeLink(lo.index, { isUp: true })] : []),
      ...missing.filter(({ table }) => table === undefined).map(addRule),
      ...routes.filter((route) => !routesThere.some((there) => isSameRoute(there, route))).map(replaceRoute),
      ...missing.filter(({ table }) => table !== undefined).map(addRule),
      ...surplus.map(removeRule),
      ...routesThere.filter((there) => !routes.some((route) => isSameRoute(there, route))).map(removeRoute),
    ]);
  }
}

/** What was removed, one text each. */
export function removeRedirect(session: Session): string[] {
  const planned = [
    ...listRules(session).map((rule): [string, Change] => [nameOf(rule), removeRule(rule)]),
    ...ownRoutes(session).map((route): [string, Change] => [`route ${route.destination} in table ${route.table}`, removeRoute(route)]),
  ];
  const failed = new Set(session.try(planned.map(([, change]) => change)).map(({ change }) => change));
  return planned.filter(([, change]) => !failed.has(change)).map(([text]) => text);
}

function rulesOf(family: 4 | 6, sign: QuerySign): Rule[] {
  const mark = (value: number) => ({ value, mask: MARK_KIND_MASK });
  const lost = sign === 'mark' ? { mark: mark(MARK_KIND_PROXY) } : { device: proxyDevice };
  return [
    { family, priority: rulePriority.taken, mark: mark(MARK_KIND_PROXY_TAKEN), table: routeTable.taken },
    { family, priority: rulePriority.lost, ...lost },
    ...(sign === 'mark' ? [] : [{ family, priority: rulePriority.answers, mark: mark(MARK_KIND_PROXY_ANSWER), table: routeTable.answers }]),
  ];
}

/** Whatever was given to a socket is this host's, whoever it is addressed to; answers go where queries came from. */
function routesOf(session: Session, family: 4 | 6, sign: QuerySign): Route[] {
  const destination = everywhere[family];
  const device = sign === 'mark' ? undefined : proxyLink(session);
  return [
    { destination, link: loopback(session).index, table: routeTable.taken, isLocal: true },
    ...(device === undefined ? [] : [{ destination, link: device, table: routeTable.answers }]),
  ];
}

function ownRoutes(session: Session): Route[] {
  const device = proxyLink(session);
  return [loopback(session).index, ...(device === undefined ? [] : [device])].flatMap((link) => listOwnTables(session, link));
}

function proxyLink(session: Session): number | undefined {
  const link = findLink(session, proxyDevice);
  return link?.kind === 'tun' ? link.index : undefined;
}

function loopback(session: Session): Link {
  const link = findLink(session, 'lo');
  if (link === undefined) throw new AgentError('NETLINK_FAILED', `${subject}: there is no device lo`);
  return link;
}

function failuresOf(session: Session, changes: readonly Change[]): string[] {
  return session.try(changes).map(({ change, message }) => `${change.step}: ${message}`);
}
