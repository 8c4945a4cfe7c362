// The service writer on both machines, with packets at every step.

import fc from 'fast-check';
import t from 'tap';
import { CONNTRACK_ORIGIN_HIGH, CONNTRACK_REPLIED } from '../../../orchestrator/datapath/generated/enums.ts';
import type { Conntrack, FlowKey } from '../../../orchestrator/datapath/generated/layouts.ts';
import { conntrackSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { addressWords } from '../../../orchestrator/net/words.ts';
import { VirtualClock } from '../../../orchestrator/state/virtual-clock.ts';
import { entryCounts, machines, type TestDatapath } from './service-node.ts';
import { backend, change, connect, frontend, openWriter, type Services, whoAnswers } from './service-writing.ts';
import type { Watch } from './watched.ts';

t.setTimeout(600_000);

const nothing = { frontends: 0, backends: 0, maglev: 0 };

const web = '10.9.0.1 6 80';
const webClosed = '10.9.0.1 0 0';
const [one, two, three, four] = ['10.1.0.1 6 8080', '10.1.0.2 6 8080', '10.1.0.3 6 8080', '10.1.0.4 6 8080'];

/** Entries of flows that were opened to an address. */
async function flowsTo(datapath: TestDatapath, address: string, protocol: number): Promise<[FlowKey, Conntrack][]> {
  const { hi, lo } = addressWords(address);
  const all = await Array.fromAsync(datapath.map(conntrackSpec).entries());
  return all.filter(([key, { flags }]) => {
    const isLow = (flags & CONNTRACK_ORIGIN_HIGH) !== 0;
    return key.protocol === protocol && (isLow ? key.lowHi === hi && key.lowLo === lo : key.highHi === hi && key.highLo === lo);
  });
}

for (const { name, open, skip } of machines) {
  t.test(name, { skip: await skip() }, async (t) => {
    t.test('connections go to every backend, other ports of the address to nobody, and in the end nothing is left', async (t) => {
      const datapath = await open();
      const clock = new VirtualClock();
      const writer = await openWriter(datapath, {}, clock);
      const services = new Map([
        [web, [one, two]],
        [webClosed, []],
        ['10.9.0.2 6 80', []],
        ['fd09::1 17 53', ['fd01::1 17 1053']],
      ]);
      writer.stage(change(new Map(), services));
      t.same(await writer.write(), []);
      t.same(await whoAnswers(datapath, web), new Set([one, two]));
      t.equal(await connect(datapath, '10.9.0.1 6 81'), 'port unknown');
      t.equal(await connect(datapath, '10.9.0.2 6 80'), 'no backend');
      t.equal(await connect(datapath, '10.9.0.2 6 81'), '10.9.0.2 6 81', 'an address that is not closed');
      t.equal(await connect(datapath, 'fd09::1 17 53'), 'fd01::1 17 1053');
      t.same(await entryCounts(datapath), { frontends: 4, backends: 3, maglev: 1022 + 2 });
      writer.stage(change(services, new Map()));
      t.same(await writer.write(), []);
      t.equal(await connect(datapath, web), web);
      await clock.advance(1000);
      await writer.write();
      t.same(await entryCounts(datapath), nothing);
      await datapath.close();
    });

    t.test('backends that are the same share their slots', async (t) => {
      const datapath = await open();
      const writer = await openWriter(datapath);
      writer.stage(change(new Map(), new Map([web, '10.9.0.2 6 80', '10.9.0.3 6 80'].map((key) => [key, [one, two]]))));
      await writer.write();
      t.equal((await entryCounts(datapath)).maglev, 1022);
      await datapath.close();
    });

    t.test(
      'an open connection stays with its backend whatever happens to the service; a datagram’s sender leaves what is gone',
      async (t) => {
        const datapath = await open();
        const clock = new VirtualClock();
        const writer = await openWriter(datapath, {}, clock);
        const dns = '10.9.0.1 17 53';
        const before = new Map([
          [web, [one]],
          [dns, ['10.1.0.1 17 1053']],
        ]);
        writer.stage(change(new Map(), before));
        await writer.write();
        t.equal(await connect(datapath, web, 7000), one);
        t.equal(await connect(datapath, dns, 7000), '10.1.0.1 17 1053');
        const after = new Map([
          [web, [two]],
          [dns, ['10.1.0.2 17 1053']],
        ]);
        writer.stage(change(before, after));
        await writer.write();
        t.equal(await connect(datapath, web, 7000, true), one);
        t.equal(await connect(datapath, dns, 7000), '10.1.0.2 17 1053');
        t.equal(await connect(datapath, web), two);
        writer.stage(change(after, new Map()));
        await writer.write();
        t.equal(await connect(datapath, web, 7000, true), one);
        await datapath.close();
      },
    );

    t.test('a backend that drains keeps what it has and is chosen only by name', async (t) => {
      const datapath = await open();
      const writer = await openWriter(datapath);
      writer.stage(change(new Map(), new Map([[web, [one]]])));
      await writer.write();
      t.equal(await connect(datapath, web, 7000), one);
      writer.stage({ backends: { put: [backend(one, 'draining'), backend(two)] }, frontends: { put: [frontend(web, [two])] } });
      await writer.write();
      t.equal(await connect(datapath, web, 7000, true), one);
      t.same(await whoAnswers(datapath, web), new Set([two]));
      writer.stage({ backends: { removed: [two] }, frontends: { put: [frontend(web, [one])] } });
      await writer.write();
      t.same(await whoAnswers(datapath, web), new Set([one]), 'nobody better is there');
      await datapath.close();
    });

    t.test('what was sent past a frontend before it was there goes to a backend once it is', async (t) => {
      const datapath = await open();
      const clock = new VirtualClock();
      const writer = await openWriter(datapath, {}, clock);
      const [dns, dnsOverSix] = ['10.9.0.53 17 53', 'fd09::53 17 53'];
      const [server, serverOverSix] = ['10.1.0.1 17 53', 'fd01::1 17 53'];
      const others = ['10.9.0.53 6 53', '10.9.0.54 17 53', 'fd09::53 17 54'];
      for (const key of [dns, dnsOverSix, web, ...others]) t.equal(await connect(datapath, key, 7000), key, 'nobody serves it yet');
      for (const [key, value] of await flowsTo(datapath, '10.9.0.53', 6)) {
        await datapath.map(conntrackSpec).update([[key, { ...value, flags: value.flags | CONNTRACK_REPLIED }]]);
      }
      writer.stage(change(new Map(), new Map([[dns, [server]]])));
      t.same(await writer.write(), []);
      t.equal(await connect(datapath, dns, 7000), server, 'the same flow, to its backend');
      for (const key of [dnsOverSix, web, ...others]) t.equal(await connect(datapath, key, 7000), key, 'others are left alone');
      const past = await flowsTo(datapath, 'fd09::53', 17);
      const services = new Map([
        [dns, [server]],
        [dnsOverSix, [serverOverSix]],
        [web, [one]],
        ['10.9.0.53 0 0', []],
      ]);
      writer.stage(change(new Map([[dns, [server]]]), services));
      t.same(await writer.write(), []);
      t.equal(await connect(datapath, dnsOverSix, 7000), serverOverSix);
      t.equal(await connect(datapath, web, 7000), one, 'a connection that nobody answered');
      t.equal(await connect(datapath, '10.9.0.53 6 53', 7000, true), '10.9.0.53 6 53', 'one that was answered stays');
      t.equal(await connect(datapath, '10.9.0.53 6 53', 7001), 'port unknown', 'new ones are refused');
      t.equal(await connect(datapath, dns, 7000), server);
      // A life that ended after it had written the frontend and before it looked at flows.
      await datapath.map(conntrackSpec).update(past);
      t.equal(await connect(datapath, dnsOverSix, 7000), dnsOverSix);
      const next = await openWriter(datapath, {}, clock);
      next.stage(change(new Map(), services));
      t.same(await next.write(), []);
      t.equal(await connect(datapath, dnsOverSix, 7000), serverOverSix);
      await datapath.close();
    });

    t.test('a successor takes over numbers and slots, writes nothing that is there, and prunes what is not wanted', async (t) => {
      const datapath = await open();
      const clock = new VirtualClock();
      const before = new Map([
        [web, [one, two]],
        [webClosed, []],
        ['10.9.0.2 6 80', [three]],
      ]);
      const first = await openWriter(datapath, {}, clock);
      first.stage(change(new Map(), before));
      await first.write();
      const numbers = [one, two, three].map((key) => first.backendNumber(key));

      let steps = 0;
      const watch: Watch = {
        onStep: async () => {
          steps += 1;
        },
      };
      const second = await openWriter(datapath, watch, clock);
      t.equal(second.frontendOf(1), first.frontendOf(1));
      second.stage(change(new Map(), before));
      second.prune();
      t.same(await second.write(), []);
      t.equal(steps, 0, 'nothing was written');
      t.same(
        [one, two, three].map((key) => second.backendNumber(key)),
        numbers,
      );

      const third = await openWriter(datapath, {}, clock);
      third.stage(change(new Map(), new Map([[web, [one]]])));
      await third.write();
      t.equal(await connect(datapath, '10.9.0.2 6 80'), three, 'what nobody staged stays until it is pruned');
      third.prune();
      await third.write();
      await clock.advance(1000);
      await third.write();
      t.same(await entryCounts(datapath), { frontends: 1, backends: 1, maglev: 2 });
      third.stage(change(new Map([[web, [one]]]), new Map([[web, [one, '10.1.0.9 6 8080']]])));
      await third.write();
      t.notOk(numbers.includes(third.backendNumber('10.1.0.9 6 8080')), 'a number that others may remember is not given out again');
      await datapath.close();
    });

    t.test('slots of a life that ended amid a write are cleared', async (t) => {
      const datapath = await open();
      const clock = new VirtualClock();
      let left = 600;
      const watch: Watch = {
        beforeStep: () => {
          left -= 1;
          if (left === 0) throw new Error('it ends here');
        },
      };
      const first = await openWriter(datapath, watch, clock);
      first.stage(change(new Map(), new Map([[web, [one, two]]])));
      await t.rejects(first.write(), { message: 'it ends here' });
      t.equal(await connect(datapath, web), web);
      const second = await openWriter(datapath, {}, clock);
      second.prune();
      await second.write();
      t.same(await entryCounts(datapath), nothing);
      await datapath.close();
    });

    t.test('what has no room is told, the rest works, and it is written when there is room', async (t) => {
      const datapath = await open({ frontends: 2, backends: 2, maglev: 1100 });
      const clock = new VirtualClock();
      const writer = await openWriter(datapath, {}, clock);
      const services: Services = new Map([
        [web, [one, two]],
        ['10.9.0.2 6 80', [three, four]],
        ['10.9.0.3 6 80', [three, four]],
      ]);
      writer.stage(change(new Map(), services));
      t.same(await writer.write(), [
        { map: 'frontends', frontends: ['10.9.0.3 6 80'], capacity: 2 },
        { map: 'backends', frontends: ['10.9.0.2 6 80', '10.9.0.3 6 80'], capacity: 2 },
      ]);
      t.same(await whoAnswers(datapath, web), new Set([one, two]));
      t.equal(await connect(datapath, '10.9.0.2 6 80'), 'no backend');
      writer.stage(change(services, new Map([...services].filter(([key]) => key !== web))));
      t.same(await writer.write(), [{ map: 'maglev', frontends: ['10.9.0.2 6 80', '10.9.0.3 6 80'], capacity: 1100 }]);
      for (const key of ['10.9.0.2 6 80', '10.9.0.3 6 80']) {
        t.same(await whoAnswers(datapath, key), new Set([three, four]), 'with fewer slots than it should have');
      }
      await clock.advance(1000);
      t.same(await writer.write(), []);
      await clock.advance(1000);
      await writer.write();
      t.same(await entryCounts(datapath), { frontends: 2, backends: 2, maglev: 1022 });
      await datapath.close();
    });

    t.test(
      'where large tables are many, others get small ones; and who gets none refuses connections, alone and until there is room',
      async (t) => {
        // Room for one table of 1021 slots, one of 251 and five of 31; services have backends of their own.
        const datapath = await open({ frontends: 64, backends: 256, maglev: 1022 + 252 + 160 });
        const clock = new VirtualClock();
        const writer = await openWriter(datapath, {}, clock);
        const keys = Array.from({ length: 8 }, (_, at) => `10.9.0.${at + 1} 6 80`);
        const pair = (at: number) => [`10.1.${at}.1 6 8080`, `10.1.${at}.2 6 8080`];
        const services: Services = new Map(keys.map((key, at) => [key, pair(at)]));
        writer.stage(change(new Map(), services));
        const [problem, ...others] = await writer.write();
        t.same(others, []);
        const closed = keys.slice(-1);
        t.same(problem, { map: 'maglev', frontends: keys.slice(1), capacity: 1434, closed });
        t.same(writer.slots, { used: 1022 + 252 + 160, capacity: 1434 });
        for (const [at, key] of keys.entries()) {
          t.same(await whoAnswers(datapath, key), new Set(closed.includes(key) ? ['no backend'] : pair(at)), key);
        }
        t.same(await writer.write(), [problem], 'it is told as long as it is so');

        // A change finds no room for its new table while the old one is in use: it is closed, and comes with the next write.
        const moved = new Map(
          [...services].map(([key, backends], at) => [key, at === 3 ? [`10.1.3.9 6 8080`, `10.1.3.8 6 8080`] : backends]),
        );
        writer.stage(change(services, moved));
        t.same((await writer.write())[0]?.closed, [keys[3], keys[7]].sort());
        t.equal(await connect(datapath, keys[3] as string), 'no backend');
        await clock.advance(1000);
        t.equal((await writer.write())[0]?.closed?.length, 1, 'what it had is room for one of the two');
        const left = new Map([...moved].slice(2));
        writer.stage(change(moved, left));
        await writer.write();
        await clock.advance(1000);
        await writer.write();
        await clock.advance(1000);
        t.notOk((await writer.write())[0]?.closed);
        for (const [key, backends] of left) t.same(await whoAnswers(datapath, key), new Set(backends), key);
        await datapath.close();
      },
    );

    t.test('at every step of every change, packets go where they went before or where they shall go', async (t) => {
      const outcome = await anySchedule(open, { runs: name === 'kernel' ? 12 : 40, failing: false });
      t.ok(outcome.looked > 1000, `${outcome.looked} packets at ${outcome.steps} steps`);
    });

    t.test('writes that fail anywhere are tried again, and harm nobody meanwhile', async (t) => {
      const outcome = await anySchedule(open, { runs: name === 'kernel' ? 12 : 40, failing: true });
      t.ok(outcome.failures > 10, `${outcome.failures} failures, ${outcome.looked} packets`);
    });
  });
}

const frontendKeys = ['10.9.0.1 6 80', '10.9.0.1 17 80', '10.9.0.1 0 0', '10.9.0.2 6 80', 'fd09::1 6 80', 'fd09::1 0 0'];
const backendHosts = { 4: ['10.1.0.1', '10.1.0.2', '10.1.0.3'], 6: ['fd01::1', 'fd01::2', 'fd01::3'] } as const;

const servicesArbitrary: fc.Arbitrary<Services> = fc
  .tuple(...frontendKeys.map((key) => fc.option(fc.subarray([0, 1, 2]).map((chosen) => [key, namesOf(key, chosen)] as const))))
  .map((rows) => new Map(rows.filter((row) => row !== null)));

function namesOf(key: string, chosen: readonly number[]): string[] {
  const [address = '', protocol, port] = key.split(' ');
  if (port === '0') return [];
  return chosen.map((index) => `${backendHosts[address.includes(':') ? 6 : 4][index]} ${protocol} 8080`);
}

/** Where a new flow to a key may go. */
function outcomes(services: Services, key: string): readonly string[] {
  const backends = services.get(key);
  if (backends !== undefined) return backends.length > 0 ? backends : ['no backend'];
  return services.has(`${key.split(' ')[0]} 0 0`) ? ['port unknown'] : [key];
}

async function anySchedule(
  open: (typeof machines)[number]['open'],
  { runs, failing }: { runs: number; failing: boolean },
): Promise<{ looked: number; steps: number; failures: number }> {
  const counted = { looked: 0, steps: 0, failures: 0 };
  const asked = frontendKeys.filter((key) => !key.endsWith(' 0')).concat('10.9.0.2 6 81', 'fd09::1 17 53');
  await fc.assert(
    fc.asyncProperty(
      fc.array(servicesArbitrary, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(8), { maxLength: 40 }),
      async (plan, faults) => {
        const datapath = await open();
        const clock = new VirtualClock();
        const watch: Watch = { strides: { maglev: 400 } };
        const writer = await openWriter(datapath, watch, clock);
        let before: Services = new Map();
        for (const after of [...plan, new Map()]) {
          const look = async () => {
            for (const key of asked) {
              const allowed = [...outcomes(before, key), ...outcomes(after, key)];
              const seen = await connect(datapath, key);
              counted.looked += 1;
              if (!allowed.includes(seen)) throw new Error(`${key}: ${seen}, of ${allowed.join(' or ')}`);
            }
          };
          watch.onStep = async () => {
            counted.steps += 1;
            await look();
          };
          let left = failing ? (faults.pop() ?? 1e9) : 1e9;
          watch.beforeStep = () => {
            if (left-- === 0) {
              counted.failures += 1;
              throw new Error('injected');
            }
          };
          writer.stage(change(before, after));
          for (;;) {
            try {
              const problems = await writer.write();
              if (problems.length > 0) throw new Error(JSON.stringify(problems));
              break;
            } catch (error) {
              if ((error as Error).message !== 'injected') throw error;
              left = faults.pop() ?? 1e9;
              await look();
            }
          }
          watch.onStep = undefined;
          watch.beforeStep = undefined;
          for (const key of asked) {
            const wanted = outcomes(after, key);
            const seen = await whoAnswers(datapath, key, wanted.length * 12);
            if (`${[...seen].sort()}` !== `${[...wanted].sort()}`) throw new Error(`${key}: ${[...seen]}, not ${wanted}`);
          }
          before = after;
          if (counted.steps % 2 === 0) await clock.advance(1000);
        }
        await clock.advance(1000);
        await writer.write();
        const counts = await entryCounts(datapath);
        await datapath.close();
        if (Object.values(counts).some((count) => count > 0)) throw new Error(`left over: ${JSON.stringify(counts)}`);
      },
    ),
    { numRuns: runs },
  );
  return counted;
}
