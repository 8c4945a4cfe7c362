// Any schedule of requests, failures, deaths and restarts: no address twice at any time, what the runtime was told holds, and in the end
// nothing is left that nobody asked for.

import fc from 'fast-check';
import t from 'tap';
import type { CniAnswer } from '../../orchestrator/cni/request.ts';
import type { Endpoints } from '../../orchestrator/endpoints/endpoints.ts';
import { deviceName } from '../../orchestrator/endpoints/names.ts';
import { add, addressesIn, del, Node, request, stateFolder } from './node.ts';

const containers = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5'];

type Action =
  | { do: 'add' | 'del' | 'queue' | 'check'; who: string; wait: boolean }
  | { do: 'gc'; keep: string[]; wait: boolean }
  | { do: 'restart' }
  | { do: 'pass'; ms: number };

const who = fc.constantFrom(...containers);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('add' as const), who, wait: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('del' as const), who, wait: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('queue' as const, 'check' as const), who, wait: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('gc' as const), keep: fc.subarray(containers), wait: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 600, 5000, 70_000) }) },
);

interface Plan {
  actions: Action[];
  /** Places, among all steps on disk and devices, where the step fails or the agent dies. */
  failures: number[];
  deaths: number[];
  /** Places among the calls of `forget`. */
  forgetFails: number[];
  enforcement: string;
}

const plans: fc.Arbitrary<Plan> = fc.record({
  actions: fc.array(action, { maxLength: 30 }),
  failures: fc.array(fc.nat(150), { maxLength: 8 }),
  deaths: fc.array(fc.nat(150), { maxLength: 4 }),
  forgetFails: fc.array(fc.nat(10), { maxLength: 3 }),
  enforcement: fc.constantFrom('at once', 'late', 'never', 'fails'),
});

class Run {
  readonly node = new Node();
  endpoints!: Endpoints & { died: Promise<void>; kill: () => void };
  /** What the runtime may rely on: an ADD that succeeded and was not followed by anything. */
  readonly promised = new Map<string, string[]>();
  #lives = 0;
  #forgets = 0;
  #steps = 0;

  constructor({ failures, deaths, forgetFails, enforcement }: Plan) {
    const { node } = this;
    node.machine.faults = {
      fails: () => failures.includes(this.#steps),
      dies: () => deaths.includes(this.#steps++),
    };
    node.forget = async () => {
      if (forgetFails.includes(this.#forgets++)) throw new Error('conntrack is busy');
    };
    node.enforced = async (endpoint, signal) => {
      if (enforcement === 'fails' && endpoint === 2) throw new Error('no hook');
      if (enforcement === 'at once') return;
      await new Promise<void>((resolve) => {
        if (enforcement === 'late') node.clock.timer(300, resolve);
        signal.addEventListener('abort', () => resolve());
      });
    };
  }

  async restart(): Promise<void> {
    this.#lives += 1;
    this.endpoints?.kill();
    for (;;) {
      try {
        this.endpoints = await this.node.start();
        break;
      } catch {
        // A start that fails is tried again by whoever starts agents.
      }
    }
    void this.node.run(this.endpoints);
  }

  /** A request; it ends with its answer, or without one when the agent dies over it. */
  async ask(make: (endpoints: Endpoints) => Promise<CniAnswer>, answered: (answer: CniAnswer) => void): Promise<void> {
    const { endpoints } = this;
    const life = this.#lives;
    const answer = await Promise.race([make(endpoints), endpoints.died]);
    if (answer !== undefined && life === this.#lives) answered(answer);
    else if (answer === undefined && life === this.#lives) await this.restart();
  }

  async act(action: Action): Promise<void> {
    if (action.do === 'restart') return this.restart();
    if (action.do === 'pass') return this.node.clock.advance(action.ms);
    const asked = this.request(action);
    if (!action.wait) return;
    let isDone = false;
    void asked.finally(() => {
      isDone = true;
    });
    for (let round = 0; round < 40 && !isDone; round += 1) await this.node.clock.advance(500);
    if (!isDone) throw new Error(`${JSON.stringify(action)}: no answer within 20 seconds`);
  }

  private request(action: Exclude<Action, { do: 'restart' | 'pass' }>): Promise<void> {
    const { node, promised } = this;
    if (action.do === 'gc') {
      for (const name of containers) if (!action.keep.includes(name)) promised.delete(name);
      const valid = action.keep.map((containerID) => ({ containerID, ifname: 'eth0' }));
      const config = { cniVersion: '1.1.0', name: 'axoneme', type: 'axoneme-cni', 'cni.dev/valid-attachments': valid };
      return this.ask(
        (endpoints) => endpoints.cni(request('GC', '', { config })),
        () => {},
      );
    }
    const { who } = action;
    if (action.do === 'check')
      return this.ask(
        (endpoints) => endpoints.cni(request('CHECK', who)),
        () => {},
      );
    promised.delete(who);
    if (action.do === 'queue') {
      node.machine.files.set(`${stateFolder}/delete-queue/${who}`, JSON.stringify(request('DEL', who)));
      return Promise.resolve();
    }
    const turn = {};
    this.#turns.set(who, turn);
    if (action.do === 'del')
      return this.ask(
        (endpoints) => del(endpoints, who),
        () => {},
      );
    return this.ask(
      (endpoints) => add(endpoints, who),
      (answer) => {
        const isQueued = node.machine.files.has(`${stateFolder}/delete-queue/${who}`);
        if (answer.code === 0 && this.#turns.get(who) === turn && !isQueued) promised.set(who, addressesIn(answer));
      },
    );
  }

  readonly #turns = new Map<string, object>();

  /** Holds at any moment. */
  look(): void {
    const owners = new Map<string, string>();
    for (const { addresses, device } of this.node.machine.devices.values()) {
      for (const address of addresses) {
        if (owners.has(address)) throw new Error(`${address}: on ${owners.get(address)} and ${device}`);
        owners.set(address, device);
      }
    }
    const rows = [...this.endpoints.table.rows()];
    const given = rows.flatMap(({ addresses }) => addresses);
    if (new Set(given).size !== given.length) throw new Error(`addresses twice: ${given}`);
    const problems = this.endpoints.problems().join('\n');
    for (const [who, addresses] of this.promised) {
      if (problems.includes(`network until it is started anew: device ${deviceName({ containerId: who, ifname: 'eth0' })}`)) continue;
      const row = rows.find(({ containerId }) => containerId === who);
      if (row === undefined || `${row.addresses}` !== `${addresses}`)
        throw new Error(`${who}: was told ${addresses}, has ${row?.addresses}`);
      if (`${this.node.machine.addressesOf(who)}` !== `${addresses}`) throw new Error(`${who}: its device has not ${addresses}`);
    }
  }
}

t.test('any schedule of requests, failures, deaths and restarts', async (t) => {
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const run = new Run(plan);
      await run.restart();
      for (const action of plan.actions) {
        await run.act(action);
        run.look();
      }
      run.node.machine.faults = { fails: () => false, dies: () => false };
      run.node.forget = async () => {};
      await run.restart();
      await run.node.clock.advance(120_000);
      run.look();
      const { endpoints, node } = run;
      const kept = [...endpoints.table.rows()];
      answered += run.promised.size;
      const { machine } = node;
      const files = [...machine.files.keys()].filter((path) => !path.endsWith('.broken'));
      t.same(
        files.sort(),
        kept.flatMap(({ endpoint }) => ['json', 'copy'].map((name) => `${stateFolder}/endpoints/${endpoint}.${name}`)).sort(),
      );
      t.same([...machine.devices.keys()].sort(), kept.map(({ device }) => device).sort());
      t.same(
        endpoints.pools().map(({ used }) => used),
        [kept.length, kept.length],
      );
      for (const who of containers) t.equal((await del(endpoints, who)).code, 0);
      t.equal(endpoints.table.size + machine.devices.size + [...machine.files.keys()].length, 0);
      t.same(
        endpoints.pools().map(({ used }) => used),
        [0, 0],
      );
      node.stop();
      await node.clock.advance(1);
      if (!t.passing()) throw new Error('see above');
    }),
    { numRuns: Number(process.env.AXONEME_RUNS ?? 150) },
  );
  t.ok(answered > 20, `${answered} interfaces stood at the end`);
});
