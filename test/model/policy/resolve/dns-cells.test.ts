// What a resolver says of DNS, against evaluation of the same policies, over random sequences of inputs.

import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Decision } from '../../../../orchestrator/model/policy/evaluate/evaluate.ts';
import { inRange } from '../../../../orchestrator/model/policy/evaluate/match.ts';
import { portsOfName } from '../../../../orchestrator/model/policy/evaluate/port-names.ts';
import { matchesName } from '../../../../orchestrator/model/policy/name-match.ts';
import type { DnsSetPolicy } from '../../../../orchestrator/model/policy/resolve/dns-cells.ts';
import { Resolver } from '../../../../orchestrator/model/policy/resolve/resolver.ts';
import { type Layer7, type Rule, refText, ruleText, type Traffic } from '../../../../orchestrator/model/policy/rule.ts';
import { inputs, nameTexts, otherNumbers, podNumbers } from './arbitrary.ts';
import { evaluated } from './evaluated.ts';
import { feed, worldAfter } from './mirror.ts';
import type { Probe, World } from './naive.ts';

t.setTimeout(600_000);

const runs = Number(process.env.AXONEME_FUZZ_RUNS ?? 120);
const questions = ['a.example', 'b.example', 'c.example', 'deep.a.example', 'elsewhere.org'];
const packets = [
  [6, 80],
  [6, 81],
  [6, 90],
  [17, 80],
  [17, 82],
  [17, 8080],
] as const;
const strangers = [999];

function play(
  sequence: readonly Parameters<typeof feed>[1][],
  onTake: (sets: Map<number, DnsSetPolicy>, resolver: Resolver, world: World) => void,
): void {
  const resolver = new Resolver();
  const sets = new Map<number, DnsSetPolicy>();
  for (const [index, one] of [...sequence, { kind: 'take' } as const].entries()) {
    feed(resolver, one);
    if (one.kind !== 'take') continue;
    resolver.takeChanges();
    for (const [set, policy] of resolver.takeDnsChanges()) {
      if (policy === undefined) sets.delete(set);
      else sets.set(set, policy);
    }
    onTake(sets, resolver, worldAfter(sequence.slice(0, index)));
  }
}

/** As the proxy decides: the names that any row of the server's identity or of everybody's allows. */
function allows(policy: DnsSetPolicy | undefined, { peer, protocol, port }: Probe, name: string): boolean {
  const rows = (policy?.allowed ?? []).filter((row) => {
    const isServer = row.identity === peer || row.identity === 0;
    return isServer && row.protocol === protocol && (row.port ^ port) >> (16 - row.portBits) === 0;
  });
  return rows.some(({ names }) => names === 'every' || names.some((selector) => matchesName(selector, name)));
}

/** What the rules behind a redirect say, read one by one. */
function wanted({ rules, overruled }: Decision, world: World, probe: Probe, name: string): boolean {
  const traffic = [...rules, ...overruled].flatMap((rule) => rule.traffic.filter((one) => isMeant(rule, one, world, probe)));
  const layers = traffic.map(({ layer7 }) => layer7);
  return layers.some((layer7: Layer7 | undefined) => {
    if (layer7 === undefined) return true;
    return layer7.kind === 'dns' && (layer7.names ?? []).some((selector) => matchesName(selector, name));
  });
}

function isMeant(rule: Rule, { protocol, ports }: Traffic, { identities, endpoints }: World, probe: Probe): boolean {
  if (protocol === undefined) return true;
  if (protocol !== probe.protocol) return false;
  if (!('name' in ports)) return inRange(ports, probe.port);
  const pods = [...identities.values()].map(({ identity: { labels }, ports: namedPorts }) => ({ labels, namedPorts }));
  const subject = { labels: pods[0]?.labels as never, namedPorts: endpoints.get(probe.endpoint)?.ports ?? [] };
  const numbers = portsOfName(rule, ports, protocol, subject, pods);
  return numbers.length === 1 && numbers[0] === probe.port;
}

t.test('a pod may ask a server for the names that the rules behind the redirect allow, and for no others', async (t) => {
  const seen = { allowed: 0, refused: 0, every: 0 };
  fc.assert(
    fc.property(inputs, (sequence) => {
      play(sequence, (sets, resolver, world) => {
        for (const endpoint of world.endpoints.keys()) {
          const policy = sets.get(resolver.endpoint(endpoint)?.set ?? 0);
          for (const peer of [...podNumbers, ...otherNumbers, ...strangers]) {
            for (const [protocol, port] of packets) {
              const probe: Probe = { endpoint, direction: 'egress', peer, protocol, port };
              const decision = evaluated(world, probe);
              if (decision.verdict !== 'redirect' || decision.layer7?.kind !== 'dns') continue;
              const answers = questions.map((name) => wanted(decision, world, probe, name));
              deepStrictEqual(
                questions.map((name) => allows(policy, probe, name)),
                answers,
                JSON.stringify(probe),
              );
              for (const isAllowed of answers) seen[isAllowed ? 'allowed' : 'refused'] += 1;
              if (answers.every((isAllowed) => isAllowed)) seen.every += 1;
            }
          }
        }
      });
    }),
    { numRuns: runs },
  );
  for (const [what, count] of Object.entries(seen)) t.ok(count > 5, `${what}: ${count}`);
});

t.test('identities of names are granted to whom a rule lets speak with them, by the policies that say so', async (t) => {
  let granted = 0;
  fc.assert(
    fc.property(inputs, (sequence) => {
      play(sequence, (sets, resolver, world) => {
        for (const endpoint of world.endpoints.keys()) {
          const found = (sets.get(resolver.endpoint(endpoint)?.set ?? 0)?.granted ?? []).map(({ identity }) => identity);
          for (const peer of otherNumbers) {
            if (world.identities.get(peer)?.identity.names === undefined) continue;
            const probe: Probe = { endpoint, direction: 'egress', peer, protocol: 6, port: 80 };
            const decision = evaluated(world, probe);
            const isOwn = decision.ground === 'rule' && decision.rules.some(({ peers }) => !peers.some(({ kind }) => kind === 'any'));
            if (decision.verdict !== 'deny' && isOwn) {
              granted += 1;
              deepStrictEqual(found.includes(peer), true, `${JSON.stringify(probe)} ${refText(decision.rules[0]?.policy as never)}`);
            }
          }
          for (const number of found)
            deepStrictEqual(
              world.identities.get(number)?.identity.names?.some((text) => nameTexts.includes(text)),
              true,
            );
        }
      });
    }),
    { numRuns: 5 * runs },
  );
  t.ok(granted > 5, `${granted} granted`);
});

t.test('whatever came in whatever order, DNS is that of a resolver that hears of the state at once', async (t) => {
  let rows = 0;
  fc.assert(
    fc.property(inputs, (sequence) => {
      play(sequence, (sets, resolver, world) => {
        const fresh = new Resolver();
        fresh.setEnforcement(world.mode);
        for (const [id, { identity, ports }] of world.endpoints) fresh.putEndpoint(id, identity, ports);
        for (const policy of world.policies.values()) fresh.putPolicy(policy);
        for (const { identity, ports } of world.identities.values()) fresh.putIdentity(identity, ports);
        fresh.takeChanges();
        const others = fresh.takeDnsChanges();
        for (const endpoint of world.endpoints.keys()) {
          const policy = sets.get(resolver.endpoint(endpoint)?.set ?? 0);
          deepStrictEqual(policy, others.get(fresh.endpoint(endpoint)?.set ?? 0));
          rows += policy?.allowed.length ?? 0;
        }
        const used = new Set([...world.endpoints.keys()].map((endpoint) => resolver.endpoint(endpoint)?.set));
        deepStrictEqual(
          [...sets.keys()].filter((set) => !used.has(set)),
          [],
          'sets that nobody has are forgotten',
        );
      });
    }),
    { numRuns: 5 * runs },
  );
  t.ok(rows > 50, `${rows} rows`);
});

t.test('rows name the rules that they come of', async (t) => {
  let named = 0;
  fc.assert(
    fc.property(inputs, (sequence) => {
      play(sequence, (sets, _, world) => {
        const rules = [...world.policies.values()].flatMap(({ sections }) => sections.flatMap((section) => section.rules));
        const byText = new Map(rules.map((rule) => [ruleText(rule), rule]));
        for (const { allowed } of sets.values()) {
          for (const { names, rule, protocol } of allowed) {
            named += 1;
            const traffic = byText.get(rule)?.traffic.filter((one) => one.protocol === undefined || one.protocol === protocol) ?? [];
            const isTheirs = traffic.some(({ layer7 }) => (names === 'every' ? layer7 === undefined : layer7?.names === names));
            deepStrictEqual(isTheirs, true, rule);
          }
        }
      });
    }),
    { numRuns: 5 * runs },
  );
  t.ok(named > 50, `${named} rows`);
});
