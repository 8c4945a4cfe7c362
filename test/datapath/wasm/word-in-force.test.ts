// A word in force: once policy, identities or endpoints are written by one process, no packet in another process is judged by what was
// there before, whether it belongs to a flow that lives or begins one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import t from 'tap';
import { configSpec, maps } from '../../../orchestrator/datapath/generated/maps.ts';
import type { MapSpec } from '../../../orchestrator/datapath/layout.ts';
import { PolicyWriter } from '../../../orchestrator/datapath/reconcile/policy.ts';
import type { Change, PolicyRow } from '../../../orchestrator/datapath/reconcile/rows.ts';
import { mapSizes } from '../../../orchestrator/datapath/sizes.ts';
import { openCalls } from '../../../orchestrator/datapath/wasm/calls.ts';
import { readModule } from '../../../orchestrator/datapath/wasm/engine.ts';
import { WasmMap } from '../../../orchestrator/datapath/wasm/map.ts';
import { makeMemory } from '../../../orchestrator/datapath/wasm/memory-file.ts';
import { smallSizes } from '../../support/small-sizes.ts';
import { drops, openBoard, passes, peerAddress, podAddress, podPort, word } from './judge.ts';

t.setTimeout(600_000);

/** Of each world that many packets are judged, by each of the processes on the average. */
const [changes, packetsEach] = [800, 40];
const workers = [0, 1] as const;
const sizes = mapSizes(maps, { memory: 2 ** 30, explicit: smallSizes });
const clientArea = 31;

interface World {
  readonly set: number;
  readonly enforced: boolean;
  /** Identities that the set allows, on every port or on the one that is asked for; 0 is every peer. */
  readonly allowed: readonly number[];
  readonly isPortOnly: boolean;
  /** Of the peer's address. */
  readonly identity: number;
}

/** Reproducible, and without a pattern. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

const random = numbers(20_261_123);
const below = (limit: number): number => (random.next().value as number) % limit;

function nextWorld(before: World): World {
  const what = below(6);
  if (what === 0) return { ...before, enforced: !before.enforced };
  if (what === 1) return { ...before, identity: 300 + below(3) };
  if (what === 2) return { ...before, set: 1 + below(2) };
  if (what === 3) return { ...before, isPortOnly: !before.isPortOnly };
  return { ...before, enforced: true, allowed: [0, 300, 301, 302].filter(() => below(3) === 0) };
}

const wordOf = ({ enforced, allowed, identity }: World) =>
  !enforced || allowed.includes(0) || allowed.includes(identity) ? passes : drops;

const rowsOf = ({ set, allowed, isPortOnly }: World): PolicyRow[] =>
  allowed.map((identity) => ({
    ...{ set, direction: 'egress', identity, precedence: 1, proxy: undefined, rule: identity + 1 },
    ...(isPortOnly
      ? { protocol: 17, anyProtocol: false, port: 80, portBits: 16 }
      : { protocol: 0, anyProtocol: true, port: 0, portBits: 0 }),
  }));

function changeOf(before: World | undefined, after: World): Change {
  const had = before === undefined ? [] : rowsOf(before);
  const has = rowsOf(after);
  const isIn = (rows: PolicyRow[], row: PolicyRow) => rows.some((other) => JSON.stringify(other) === JSON.stringify(row));
  const { set, enforced } = after;
  return {
    policy: {
      put: has.filter((row) => !isIn(had, row)),
      removed: had.filter((row) => !isIn(has, row)),
      removedSets: before !== undefined && before.set !== set ? [before.set] : [],
      endpoints: new Map([[1, { set, enforced: { egress: enforced, ingress: false } }]]),
      removedEndpoints: [],
      changedSets: [set],
    },
    prefixes: { put: [{ prefix: `${peerAddress}/32`, identity: after.identity, node: 0 }] },
    ...(before === undefined && {
      endpoints: { put: [{ id: 1, addresses: [podAddress], identity: 256, port: podPort, mac: 1n, gatewayMac: 2n }] },
    }),
  };
}

t.test('what is written is in force for the next packet, in every process', async (t) => {
  const folder = mkdtempSync('/dev/shm/axoneme-test-');
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const wish = { module: await readModule(), worker: clientArea, specs: maps, sizes: () => sizes };
  const { engine } = await makeMemory(await openCalls(), folder, wish);
  const datapath = { map: (spec: MapSpec) => new WasmMap(spec, engine, sizes[spec.name] ?? 1) };
  const nothing = configSpec.value.decode(new DataView(new ArrayBuffer(configSpec.value.size)), 0);
  await datapath.map(configSpec as never).update([[0 as never, { ...nothing, node: 1 } as never]]);
  const writer = await PolicyWriter.open(datapath as never);
  const board = await openBoard(engine.memory);

  let world: World = { set: 1, enforced: true, allowed: [300], isPortOnly: true, identity: 300 };
  const write = async (before: World | undefined) => {
    Atomics.add(board, word.sequence, 1);
    writer.stage(changeOf(before, world));
    const problems = await writer.write();
    if (problems.length > 0) throw new Error(`not all fits: ${JSON.stringify(problems)}`);
    Atomics.store(board, word.world, wordOf(world));
    Atomics.add(board, word.sequence, 1);
  };
  await write(undefined);
  const children = workers.map((worker) => {
    const words = [join(import.meta.dirname, 'judge.ts'), folder, String(worker)];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => child.kill('SIGKILL'));
    return child;
  });
  for (const child of children) await once(child.stdout, 'data');

  const seen: World[] = [];
  for (let change = 0; change < changes; change += 1) {
    const before = world;
    world = nextWorld(world);
    seen[Atomics.load(board, word.sequence) + 2] = world;
    await write(before);
    const until = Atomics.load(board, word.judged) + packetsEach * workers.length;
    while (Atomics.load(board, word.judged) < until && children.every(({ exitCode }) => exitCode === null)) await breathe();
  }
  Atomics.store(board, word.stop, 1);
  const ends = await Promise.all(children.map(async (child) => child.exitCode ?? (await once(child, 'exit'))[0]));
  t.same(ends, [0, 0]);
  const [judged, passed, dropped] = [word.judged, word.passed, word.dropped].map((index) => Atomics.load(board, index));
  t.comment(`${changes} changes, ${judged} packets judged: ${passed} passed, ${dropped} dropped`);
  const first = Atomics.load(board, word.firstWrong);
  const where = () => `${first % 2 === 0 ? 'of a live flow' : 'of a new flow'} in ${JSON.stringify(seen[first >> 1])}`;
  t.equal(Atomics.load(board, word.wrong), 0, Atomics.load(board, word.wrong) === 0 ? 'none was wrong' : `the first one: ${where()}`);
  t.ok(Math.min(passed as number, dropped as number) > changes, 'both words were given');
});
