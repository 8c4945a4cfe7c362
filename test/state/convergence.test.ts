// Random histories against a target of which at least every third call fails: tables, derivation and reconciler together.

import fc from 'fast-check';
import t from 'tap';
import { derive, one } from '../../orchestrator/state/derive.ts';
import { mapOperations } from '../../orchestrator/state/map-operations.ts';
import { Reconciler } from '../../orchestrator/state/reconciler.ts';
import { openTable } from '../../orchestrator/state/table.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';
import { FaultyMap } from '../support/faulty.ts';

interface Pod {
  readonly name: string;
  readonly node: string;
}
interface Node {
  readonly name: string;
  readonly address: number;
}
interface Route {
  readonly pod: string;
  readonly via: number;
}

const sources = ['kubernetes', 'mesh'] as const;

class World {
  readonly clock: VirtualClock;
  readonly pods = openTable({
    name: 'pods',
    key: ({ name }: Pod) => name,
    indexes: { node: ({ node }: Pod) => node },
    columns: {},
    sources,
  });
  readonly nodes = openTable({ name: 'nodes', key: ({ name }: Node) => name, columns: {}, sources: ['kubernetes'] });
  readonly routes = openTable<Route>({ name: 'routes', key: ({ pod }) => pod, columns: {} });
  readonly target: FaultyMap<number>;
  readonly stop = new AbortController();
  readonly reconciler: Reconciler<Route>;
  readonly runs: Promise<void>[];
  readonly leftOver = new Map<string, number>();

  constructor(seed: number, faults: number) {
    this.clock = new VirtualClock(seed);
    this.target = new FaultyMap({ clock: this.clock, faults, latencyMs: 3 });
    for (const key of ['x1', 'x2', 'p3']) this.target.content.set(key, -1);
    this.reconciler = new Reconciler({
      table: this.routes.table,
      operations: mapOperations({ map: this.target, entry: ({ pod, via }) => [pod, via] as const, idOf: (key) => key }),
      clock: this.clock,
      batchSize: 4,
      refreshEveryMs: 60_000,
    });
    const derivation = derive({
      from: this.pods.table,
      join: { node: one(this.nodes.table, 'node') },
      into: this.routes.writer,
      make: ({ name }, { node }) => node && { pod: name, via: node.address },
      clock: this.clock,
    });
    this.runs = [derivation.run(this.stop), this.reconciler.run(this.stop)];
  }

  /** By the rules alone. */
  wanted(): string[] {
    const { nodes } = this;
    const rows = Array.from(this.pods.table.rows(), ({ name, node }) => [name, nodes.table.get(node)?.address] as const);
    return rows
      .filter(([, via]) => via !== undefined)
      .map(([pod, via]) => `${pod} ${via}`)
      .sort();
  }

  there(): string[] {
    return Array.from(this.target.content, ([pod, via]) => `${pod} ${via}`).sort();
  }
}

const told = { commands: 0, faults: 0, calls: 0, unpruned: 0 };
type Model = Record<never, never>;

abstract class Act implements fc.AsyncCommand<Model, World> {
  abstract run(model: Model, world: World): Promise<void>;
  abstract toString(): string;
  check(): boolean {
    return true;
  }
}

/** What must hold at every moment. */
function checkAlways(world: World): void {
  told.commands += 1;
  if (world.routes.table.isInitialised || world.reconciler.metrics.prunes > 0) return;
  for (const key of ['x1', 'x2']) if (!world.target.content.has(key)) throw new Error(`${key} went before every source had delivered`);
  told.unpruned += 1;
}

class PutPod extends Act {
  readonly pod: Pod;
  constructor(pod: Pod) {
    super();
    this.pod = pod;
  }
  async run(_: Model, world: World): Promise<void> {
    world.pods.writer.put({ ...this.pod });
    checkAlways(world);
  }
  toString(): string {
    return `pod ${this.pod.name} on ${this.pod.node}`;
  }
}

class PutNode extends Act {
  readonly node: Node;
  constructor(node: Node) {
    super();
    this.node = node;
  }
  async run(_: Model, world: World): Promise<void> {
    world.nodes.writer.put({ ...this.node });
    checkAlways(world);
  }
  toString(): string {
    return `node ${this.node.name} at ${this.node.address}`;
  }
}

class Delete extends Act {
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
  async run(_: Model, world: World): Promise<void> {
    for (const { writer } of [world.pods, world.nodes]) writer.delete(this.name);
    checkAlways(world);
  }
  toString(): string {
    return `delete ${this.name}`;
  }
}

class Deliver extends Act {
  readonly source: (typeof sources)[number];
  constructor(source: (typeof sources)[number]) {
    super();
    this.source = source;
  }
  async run(_: Model, world: World): Promise<void> {
    world.pods.writer.delivered(this.source);
    if (this.source === 'kubernetes') world.nodes.writer.delivered(this.source);
    checkAlways(world);
  }
  toString(): string {
    return `${this.source} delivered`;
  }
}

class Wait extends Act {
  readonly ms: number;
  constructor(ms: number) {
    super();
    this.ms = ms;
  }
  async run(_: Model, world: World): Promise<void> {
    await world.clock.advance(this.ms);
    checkAlways(world);
  }
  toString(): string {
    return `wait ${this.ms} ms`;
  }
}

const pod = fc.constantFrom(...Array.from({ length: 12 }, (_, number) => `p${number}`));
const node = fc.constantFrom('n1', 'n2', 'n3');
const acts = fc.commands(
  [
    fc.record({ name: pod, node }).map((row) => new PutPod(row)),
    fc.record({ name: pod, node }).map((row) => new PutPod(row)),
    fc.record({ name: node, address: fc.nat(3) }).map((row) => new PutNode(row)),
    fc.oneof(pod, node).map((name) => new Delete(name)),
    fc.constantFrom(...sources).map((source) => new Deliver(source)),
    fc.constantFrom(0, 1, 10, 500, 20_000).map((ms) => new Wait(ms)),
  ],
  { maxCommands: 80, size: 'max' },
);

t.test('after any history, with 30 to 60 percent of calls failing, the target is exactly what the tables say', async (t) => {
  await fc.assert(
    fc.asyncProperty(acts, fc.integer(), fc.double({ min: 0.3, max: 0.6, noNaN: true }), async (history, seed, faults) => {
      const world = new World(seed, faults);
      await fc.asyncModelRun(() => ({ model: {}, real: world }), history);
      // Faults go on; the rest of the sources deliver.
      for (const source of sources) await new Deliver(source).run({}, world);
      await world.clock.advance(10);
      for (let step = 0; step < 20_000 && !world.reconciler.isSettled; step++) await world.clock.advance(1000);
      if (!world.reconciler.isSettled) throw new Error(`not settled: ${JSON.stringify(world.reconciler.health())}`);
      const [there, wanted] = [world.there(), world.wanted()];
      if (there.join() !== wanted.join()) throw new Error(`${there} instead of ${wanted}`);
      for (const key of wanted) if (world.reconciler.status(key.split(' ')[0] as string) !== 'done') throw new Error(`${key} is not done`);
      if (world.target.overlaps > 0) throw new Error('two operations at once');
      told.faults += world.target.faults;
      told.calls += world.target.calls;
      world.stop.abort();
      await world.clock.advance(3);
      await Promise.all(world.runs);
      if (world.clock.pendingTimers > 0) throw new Error(`${world.clock.pendingTimers} timers were left`);
      if (world.routes.table.tombstones + world.pods.table.tombstones > 0) throw new Error('tombstones were left');
    }),
    { numRuns: 200 },
  );
  t.ok(told.faults > told.calls * 0.3, `${told.faults} of ${told.calls} calls failed`);
  t.ok(told.unpruned > 500, `${told.unpruned} of ${told.commands} moments were before the first full lists`);
});
