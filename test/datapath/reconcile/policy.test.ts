// The policy writer on both machines, with packets at every step.

import fc from 'fast-check';
import t from 'tap';
import { PolicyWriter } from '../../../orchestrator/datapath/reconcile/policy.ts';
import type { Change, PolicyChange } from '../../../orchestrator/datapath/reconcile/rows.ts';
import { Resolver } from '../../../orchestrator/model/policy/resolve/resolver.ts';
import { sequence } from '../../bench/sequence.ts';
import { type Input, inputs, podNumbers } from '../../model/policy/resolve/arbitrary.ts';
import { feed, worldAfter } from '../../model/policy/resolve/mirror.ts';
import { naiveVerdict, type World } from '../../model/policy/resolve/naive.ts';
import { endpointRow, type Flow, machines, openness, prefixRows, proxyPorts, send, type TestDatapath, type Verdict } from './node.ts';
import { type Watch, watched } from './watched.ts';

t.setTimeout(600_000);

const [firstEphemeral, lastEphemeral] = [20000, 60000];
const peers = [podNumbers[0], podNumbers[1], podNumbers[2]] as number[];
const packets = [
  { protocol: 'tcp', port: 80 },
  { protocol: 'tcp', port: 81 },
  { protocol: 'udp', port: 80 },
] as const;
const numbers = { tcp: 6, udp: 17 } as const;

/**
 * What one input means for policy and for the rows around it. Who has an address is a change of its own: after the policies that know the
 * newcomer, before those that forget who left.
 */
function changesOf(input: Input, policy: PolicyChange): Change[] {
  if (input.kind === 'put identity') return [{ policy }, { prefixes: { put: prefixRows(input.identity.number) } }];
  if (input.kind === 'remove identity')
    return [{ prefixes: { removed: prefixRows(input.number).map(({ prefix }) => prefix) } }, { policy }];
  if (input.kind === 'put endpoint') return [{ policy, endpoints: { put: [endpointRow(input.id, input.identity)] } }];
  if (input.kind === 'remove endpoint') return [{ policy, endpoints: { removed: [input.id] } }];
  return [{ policy }];
}

function flowsOf({ endpoints }: World): Flow[] {
  return [...endpoints.keys()].flatMap((endpoint) =>
    (['ingress', 'egress'] as const).flatMap((direction) =>
      peers.flatMap((peer) => packets.map((packet) => ({ endpoint, direction, peer, ...packet }))),
    ),
  );
}

function wantedVerdict(world: World, { protocol, ...flow }: Flow): Verdict {
  const verdict = naiveVerdict(world, { ...flow, protocol: numbers[protocol] });
  if (verdict === 'open' || verdict === 1) return 'pass';
  return verdict === 0 || verdict === 255 ? 'drop' : 'proxy';
}

class Observer {
  readonly datapath: TestDatapath;
  packets = 0;
  private sourcePort = firstEphemeral;

  constructor(datapath: TestDatapath) {
    this.datapath = datapath;
  }

  /** Verdicts of flows that nobody has seen before. */
  async fresh(flows: readonly Flow[]): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    for (const flow of flows) {
      this.sourcePort = this.sourcePort === lastEphemeral ? firstEphemeral : this.sourcePort + 1;
      verdicts.push(await this.send(flow, this.sourcePort));
    }
    return verdicts;
  }

  /** Verdicts of flows that go on for ever. */
  async live(flows: readonly Flow[]): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    for (const flow of flows) verdicts.push(await this.send(flow, 1000));
    return verdicts;
  }

  private async send(flow: Flow, sourcePort: number): Promise<Verdict> {
    this.packets += 1;
    return send(this.datapath, flow, sourcePort, sourcePort % 2 === 0 ? 4 : 6);
  }
}

/** Writes one input after the other, and looks at every packet at every step of each. */
async function follow(observer: Observer, given: readonly Input[]): Promise<number> {
  const watch: Watch = {};
  const writer = await PolicyWriter.open(watched(observer.datapath, watch), { proxyPorts });
  const resolver = new Resolver({ firstSet: writer.nextSet });
  writer.prune();
  await writer.write();
  let between = 0;
  for (const [index, input] of given.entries()) {
    feed(resolver, input);
    const world = worldAfter(given.slice(0, index + 1));
    const flows = flowsOf(world).filter(({ endpoint }) => worldAfter(given.slice(0, index)).endpoints.has(endpoint));
    for (const change of changesOf(input, resolver.takeChanges())) {
      const before = await observer.fresh(flows);
      const seen: Verdict[][] = [];
      watch.onStep = async () => {
        seen.push(await observer.fresh(flows));
      };
      writer.stage(change);
      const problems = await writer.write();
      watch.onStep = undefined;
      if (problems.length > 0) throw new Error(JSON.stringify(problems));
      between += checkBetween(flows, before, seen, await observer.fresh(flows));
    }
    await checkWritten(observer, world);
  }
  return between;
}

function checkBetween(flows: readonly Flow[], before: Verdict[], seen: Verdict[][], after: Verdict[]): number {
  let between = 0;
  for (const [at, flow] of flows.entries()) {
    const [first, last] = [before[at], after[at]].map((verdict) => openness[verdict as Verdict]) as [number, number];
    if (first !== last) between += 1;
    for (const verdicts of seen) {
      const now = openness[verdicts[at] as Verdict];
      if (now < Math.min(first, last) || now > Math.max(first, last)) {
        throw new Error(`${JSON.stringify(flow)}: ${before[at]}, then ${verdicts[at]}, then ${after[at]}`);
      }
    }
  }
  return between;
}

/** New flows and old ones are judged as the policies say. */
async function checkWritten(observer: Observer, world: World): Promise<void> {
  const flows = flowsOf(world).filter(({ peer }) => world.identities.has(peer));
  const wanted = flows.map((flow) => wantedVerdict(world, flow));
  for (const [kind, verdicts] of Object.entries({ new: await observer.fresh(flows), live: await observer.live(flows) }))
    for (const [at, verdict] of verdicts.entries())
      if (verdict !== wanted[at]) throw new Error(`${kind}: ${JSON.stringify(flows[at])}: ${verdict}, not ${wanted[at]}`);
}

/** Every write fails right before or after some step, and some are tried again only when more has changed. */
async function stumble(observer: Observer, given: readonly Input[], chance: () => number): Promise<number> {
  const watch: Watch = {};
  const writer = await PolicyWriter.open(watched(observer.datapath, watch), { proxyPorts });
  const resolver = new Resolver({ firstSet: writer.nextSet });
  writer.prune();
  await writer.write();
  let failures = 0;
  for (const [index, input] of given.entries()) {
    feed(resolver, input);
    for (const change of changesOf(input, resolver.takeChanges())) writer.stage(change);
    let left = chance() % 12;
    const fail = (): void => {
      if (left-- === 0) throw new Error('gone');
    };
    if (chance() % 2 === 0) watch.beforeStep = fail;
    else watch.onStep = async () => fail();
    const isFailed = await writer.write().then(
      () => false,
      () => true,
    );
    watch.beforeStep = undefined;
    watch.onStep = undefined;
    if (isFailed) failures += 1;
    if (isFailed && chance() % 3 === 0) continue;
    await writer.write();
    await checkWritten(observer, worldAfter(given.slice(0, index + 1)));
  }
  return failures;
}

for (const { name, open, skip } of machines) {
  t.test(name, { skip: await skip() }, async (t) => {
    t.test('at every step of a change every packet is judged as before, as after, or in between', async (t) => {
      const datapath = await open();
      const observer = new Observer(datapath);
      let between = 0;
      const property = fc.asyncProperty(inputs, async (given) => {
        between += await follow(observer, given);
      });
      await fc.assert(property, { numRuns: Number(process.env.AXONEME_FUZZ_RUNS ?? 6), endOnFailure: true });
      t.ok(between > 20, `${between} verdicts changed, ${observer.packets} packets were sent`);
      await datapath.close();
    });

    t.test('a write that failed at any step is finished by the next', async (t) => {
      const datapath = await open();
      const observer = new Observer(datapath);
      let failures = 0;
      const property = fc.asyncProperty(inputs, fc.integer({ min: 1, max: 1e6 }), async (given, seed) => {
        failures += await stumble(observer, given, sequence(seed));
      });
      await fc.assert(property, { numRuns: Number(process.env.AXONEME_FUZZ_RUNS ?? 8), endOnFailure: true });
      t.ok(failures > 20, `${failures} writes failed`);
      await datapath.close();
    });
  });
}
