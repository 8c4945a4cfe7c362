// Checks: what the agent says of its own health, from what its parts know by now.

import type { Check } from '../api/check.ts';
import type { Config } from '../config.ts';
import type { ProxyStatus } from '../dns/control-line.ts';
import type { Endpoints } from '../endpoints/endpoints.ts';
import type { Enforcement } from '../enforcement/enforcement.ts';
import type { Services } from '../enforcement/services.ts';
import type { Health } from '../health/health.ts';
import { healthChecks } from '../health/verdict.ts';
import { localScope } from '../model/identity.ts';
import type { ClusterSource } from './cluster-source.ts';
import { dnsLosses } from './dns-losses.ts';
import type { DnsProxy } from './dns-proxy.ts';
import type { NodeHost } from './node-host.ts';
import type { ServiceHost } from './service-host.ts';
import type { SocketBalancing } from './socket-balancing.ts';
import type { StoreSource } from './store-source.ts';

export interface CheckedParts {
  readonly mode: string;
  readonly sockets: SocketBalancing;
  /** In userspace mode. */
  readonly serving: readonly ServiceHost[];
  /** Of the process that packets run in; undefined where there is none. */
  readonly processProblems: readonly string[] | undefined;
  /** Undefined where it is off. */
  readonly dns: Pick<DnsProxy, 'state' | 'isNeeded' | 'problems' | 'upgradeProblem'> | undefined;
  /** Undefined when it does not answer. */
  readonly dnsStatus: ProxyStatus | undefined;
  readonly cluster: ClusterSource;
  readonly store: StoreSource;
  readonly host: NodeHost;
  readonly endpoints: Endpoints;
  readonly enforcement: Enforcement;
  readonly services: Services;
  readonly health: Health;
  readonly config: Config;
}

type Found = Omit<Check, 'section' | 'name'>;

const ok = (message = ''): Found => ({ state: 'ok', message });

function unless(state: 'warning' | 'failed', problems: readonly string[], hint?: string): Found {
  if (problems.length === 0) return ok();
  const message = problems.slice(0, 3).join('; ') + (problems.length > 3 ? `; and ${problems.length - 3} more` : '');
  return { state, message, ...(hint !== undefined && { hint }) };
}

export function checksOf(parts: CheckedParts): Check[] {
  const { mode, sockets, serving, processProblems, cluster, store, host, endpoints, enforcement, services, health, config } = parts;
  const checks: Check[] = [];
  const add = (section: string, name: string, found: Found) => void checks.push({ section, name, ...found });
  add('datapath', 'packets are handled', ok(`${mode} mode`));
  if (processProblems !== undefined) add('datapath', 'the datapath process runs', unless('failed', processProblems));
  add('datapath', 'sockets are balanced', socketsFound(sockets));
  const full = enforcement.mapProblems.map(
    ({ kind, missing, endpoints: ids }) => `${kind}: ${missing} entries for endpoints ${ids.join(', ')}`,
  );
  add('datapath', 'policies fit into their map', unless('failed', full, 'give the map policy more entries: --map-entries policy=N'));
  add('host', 'the network of this node is as planned', unless('failed', host.problemTexts()));
  for (const each of serving) add('host', 'services are reached from everywhere', unless('failed', each.problems()));
  for (const { name, ok: isOk, message, hint } of host.checks()) {
    add('host', name, { state: isOk ? 'ok' : 'warning', message: isOk ? '' : message, ...(!isOk && hint !== undefined && { hint }) });
  }
  add('kubernetes', 'the API server tells us', unless('warning', cluster.problems(), 'what is in force stays in force meanwhile'));
  const definition = cluster.definitionProblem;
  add('kubernetes', 'policies are defined', definition === undefined ? ok() : { state: 'warning', message: definition });
  add('etcd', 'identities and addresses are told', unless('warning', store.problems(), 'what is in force stays in force meanwhile'));
  const missing = enforcement.missing();
  add(
    'policy',
    'everything has been told once',
    missing.length === 0 ? ok() : { state: 'warning', message: `waits for ${missing.join(', ')}` },
  );
  add('endpoints', 'pods are under policy', endpointsFound(enforcement));
  add('endpoints', 'files and devices are in order', unless('warning', endpoints.problems()));
  const used = endpoints.pools().filter(({ used: count, size }) => count >= size);
  const exhausted = used.map(({ prefix, size }) => `${prefix}: all ${size} addresses are in use`);
  add('endpoints', 'there are addresses for more pods', unless('warning', exhausted, 'give the node more pod prefixes, or it fewer pods'));
  add('dns', 'names that pods ask for are looked at', dnsFound(parts));
  add('services', 'services are balanced', unless('failed', services.problems(), 'a full map gets more entries by --map-entries NAME=N'));
  add('services', 'services mean what they say', unless('warning', services.doubts()));
  return [...checks, ...healthChecks(health.table, { node: config.nodeName })];
}

function dnsFound({ dns, dnsStatus, enforcement }: CheckedParts): Found {
  if (dns === undefined) {
    const isAsked = [...enforcement.view.identities.table.rows()].some(({ number, prefix }) => number > localScope && prefix === '');
    if (!isAsked) return ok('no: it is off');
    return {
      state: 'warning',
      message: 'it is off, and policies have rules for names: what they let pods reach is dropped',
      hint: '--dns-proxy auto',
    };
  }
  const problems = [...dns.problems(), ...(dnsStatus?.problems ?? [])];
  if (problems.length > 0) return unless('failed', problems, 'the DNS proxy is started again when it ends; its lines are in the log');
  if (dns.upgradeProblem !== undefined) return { state: 'warning', message: dns.upgradeProblem };
  if (!dns.isNeeded) return ok('no policy asks for it');
  const losses = dnsStatus === undefined ? '' : dnsLosses(dnsStatus);
  return ok(`for ${dnsStatus?.endpoints ?? 0} pods${losses && `; since it started: ${losses}`}`);
}

function socketsFound({ state, message }: SocketBalancing): Found {
  if (state === 'on') return ok(`in ${message}`);
  if (state === 'off') return ok(`no: ${message}`);
  return { state: 'warning', message, hint: 'services are balanced packet by packet; --cgroup-root or --socket-lb false' };
}

function endpointsFound({ view }: Enforcement): Found {
  const rows = [...view.endpoints.table.rows()];
  const waiting = rows.filter(({ state }) => state !== 'ready');
  if (waiting.length === 0) return ok(`${rows.length} of ${rows.length}`);
  const [first] = waiting;
  const message = `${rows.length - waiting.length} of ${rows.length}; ${first?.namespace}/${first?.pod} is ${first?.state}: ${first?.why}`;
  return { state: waiting.some(({ state }) => state === 'closed') ? 'failed' : 'warning', message };
}
