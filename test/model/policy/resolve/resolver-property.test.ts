// The resolver against itself and against the naive reading of policies, over random sequences of inputs.

import fc from 'fast-check';
import t from 'tap';
import { directions } from '../../../../orchestrator/model/policy/resolve/policy-set.ts';
import { Resolver } from '../../../../orchestrator/model/policy/resolve/resolver.ts';
import { ruleText } from '../../../../orchestrator/model/policy/rule.ts';
import { type Input, inputs, otherNumbers, podNumbers } from './arbitrary.ts';
import { evaluated } from './evaluated.ts';
import { feed, freshMirror, Mirror, worldAfter } from './mirror.ts';
import { naiveVerdict, type Probe, type World } from './naive.ts';

t.setTimeout(600_000);

/** Seeds are printed by what fails. */
const runs = Number(process.env.AXONEME_FUZZ_RUNS ?? 60);
const packets = [
  [6, 80],
  [6, 81],
  [6, 90],
  [6, 8080],
  [6, 65535],
  [17, 80],
  [17, 81],
  [1, 8],
  [1, 3],
  [47, 0],
] as const;
const strangers = [999];

function* probes({ endpoints }: World): Iterable<Probe> {
  for (const endpoint of endpoints.keys())
    for (const direction of directions)
      for (const peer of [...podNumbers, ...otherNumbers, ...strangers])
        for (const [protocol, port] of packets) yield { endpoint, direction, peer, protocol, port };
}

/** Calls back at every `take` of a sequence, and at its end. */
function play(inputs: readonly Input[], onTake: (mirror: Mirror, world: World, changedSets: readonly number[]) => void): void {
  const resolver = new Resolver();
  const mirror = new Mirror();
  for (const [index, one] of [...inputs, { kind: 'take' } as const].entries()) {
    feed(resolver, one);
    if (one.kind !== 'take') continue;
    const changes = resolver.takeChanges();
    mirror.follow(changes);
    onTake(mirror, worldAfter(inputs.slice(0, index)), changes.changedSets);
  }
}

t.test('whatever came in whatever order, the rows are those of a resolver that hears of the state at once', async (t) => {
  fc.assert(
    fc.property(inputs, (sequence) => {
      play(sequence, (mirror, world) => {
        const fresh = freshMirror(world);
        for (const endpoint of world.endpoints.keys()) same(mirror.describe(endpoint), fresh.describe(endpoint));
        same(partition(mirror), partition(fresh));
        same([...mirror.rules.values()].sort(), [...fresh.rules.values()].sort());
      });
    }),
    { numRuns: runs },
  );
  t.pass(`${runs} sequences`);
});

t.test('every packet gets the verdict that the rules say one by one', async (t) => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(inputs, (sequence) => {
      play(sequence, (mirror, world) => {
        for (const probe of probes(world)) {
          const read = mirror.read(probe);
          const verdict = read === 'open' ? 'open' : read === 'none' ? 0 : read.precedence;
          const wanted = naiveVerdict(world, probe);
          if (verdict !== wanted) throw new Error(`${verdict}, not ${wanted}: ${JSON.stringify(probe)}`);
          const kind = wanted === 'open' ? wanted : wanted < 2 ? ['none', 'allow'][wanted] : wanted === 255 ? 'deny' : 'redirect';
          seen.set(kind as string, (seen.get(kind as string) ?? 0) + 1);
        }
      });
    }),
    { numRuns: runs },
  );
  for (const kind of ['open', 'none', 'allow', 'redirect', 'deny']) t.ok((seen.get(kind) ?? 0) > 100, `${kind}: ${seen.get(kind)}`);
});

t.test('the rule that an entry names is the one that evaluation names', async (t) => {
  let named = 0;
  fc.assert(
    fc.property(inputs, (sequence) => {
      play(sequence, (mirror, world) => {
        for (const probe of probes(world)) {
          const read = mirror.read(probe);
          if (typeof read === 'string') continue;
          const { rule, ground } = evaluated(world, probe);
          const text = mirror.rules.get(read.rule);
          named += 1;
          const wanted = ground === 'rule' && rule !== undefined ? ruleText(rule) : ground.replace('-', ' ');
          if (text !== wanted) throw new Error(`"${text}", not "${wanted}": ${JSON.stringify(probe)}`);
        }
      });
    }),
    { numRuns: runs },
  );
  t.ok(named > 10_000, `${named} packets`);
});

t.test('no row is there that a broader one of its cell overrules', async (t) => {
  fc.assert(
    fc.property(inputs, (sequence) => {
      play(sequence, ({ rows }) => {
        for (const row of rows.values())
          for (const other of rows.values()) {
            if (other === row || other.set !== row.set || other.direction !== row.direction || other.identity !== row.identity) continue;
            const isBroader =
              other.anyProtocol ||
              (!row.anyProtocol &&
                other.protocol === row.protocol &&
                other.portBits < row.portBits &&
                (row.port ^ other.port) >> (16 - other.portBits) === 0);
            if (isBroader && other.precedence > row.precedence) throw new Error(JSON.stringify([row, other]));
          }
      });
    }),
    { numRuns: runs },
  );
  t.pass(`${runs} sequences`);
});

t.test('a set whose answer to somebody known has changed is told to have', async (t) => {
  let changed = 0;
  fc.assert(
    fc.property(inputs, (sequence) => {
      let before: { answers: Map<string, string>; world: World } | undefined;
      play(sequence, (mirror, world, changedSets) => {
        const answers = new Map<string, string>();
        for (const probe of probes(world)) {
          const { set, enforced } = mirror.endpoints.get(probe.endpoint) as { set: number; enforced: object };
          const read = mirror.read(probe);
          const key = `${set} ${JSON.stringify(enforced)} ${JSON.stringify(probe)}`;
          const verdict = typeof read === 'string' ? read : `${read.precedence}`;
          answers.set(key, verdict);
          const old = before?.answers.get(key);
          const isKnown = before?.world.identities.has(probe.peer) || strangers.includes(probe.peer);
          if (!isKnown || old === undefined || old === verdict) continue;
          changed += 1;
          if (!changedSets.includes(set)) throw new Error(`set ${set}: ${old} became ${verdict}: ${key}`);
        }
        before = { answers, world };
      });
    }),
    { numRuns: runs },
  );
  t.ok(changed > 100, `${changed} answers`);
});

/** Which endpoints share a set. */
function partition({ endpoints }: Mirror): string[] {
  const bySet = Map.groupBy(
    [...endpoints].sort(([a], [b]) => a - b),
    ([, { set }]) => set,
  );
  return [...bySet.values()].map((members) => members.map(([id]) => id).join(' ')).sort();
}

function same(a: readonly string[], b: readonly string[]): void {
  if (a.join('\n') !== b.join('\n')) throw new Error(`${a.join('\n')}\n---\n${b.join('\n')}`);
}
