// Life of the proxy: it falls, is handed over, loses its supervisor, and questions go on meanwhile; what pods were told outlives it.

import { cpSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { CacheRow, Hello, NamesRow, ProxyStatus } from '../../../orchestrator/dns/control-line.ts';
import type { DnsFlow } from '../../../orchestrator/dns/log/dns-flow.ts';
import { readRecords } from '../../../orchestrator/dns/log/log-record.ts';
import { kernelSkip } from '../../support/kernel.ts';
import { grant, identity, rows } from '../web-rules.ts';
import { childrenOf, flood } from './flooding.ts';
import { answered, ask, framed, question, unframed } from './servers.ts';
import { isAlive, type Pod, World, waitFor } from './world.ts';

t.setTimeout(180_000);
const server = '10.8.0.53';
const granted = [grant];

/** Datagrams that came to programs of the host which had no room for them left. */
function overflown(): number {
  const [names = '', counts = ''] = readFileSync('/proc/self/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Udp:'));
  return Number(counts.split(' ')[names.split(' ').indexOf('RcvbufErrors')]);
}

t.test('life of the proxy', { skip: await kernelSkip() }, async (t) => {
  const world = await World.open(t, 2);
  world.addAddress(server);
  const words = [
    '-k',
    '--no-resolv',
    '--no-hosts',
    '--conf-file=/dev/null',
    '--pid-file=',
    '--user=root',
    '--bind-interfaces',
    '--cache-size=10000',
  ];
  world.spawn([...words, `--listen-address=${server}`, '--address=/example.com/192.0.2.1', '--local-ttl=300'], 'dnsmasq');
  await world.allow({ allowed: rows, granted });
  const logFile = join(world.folder, 'dns.log');
  await world.start(['--log-file', logFile, '--log-file-size', '65536', '--log-files', '3']);
  const [one, two] = world.pods as [Pod, Pod];
  const hello = (): Promise<Hello> => world.call<Hello>({ call: 'hello' });
  const another = (pid: number): Promise<Hello> =>
    waitFor(async () => {
      const now = await hello().catch(() => undefined);
      return now !== undefined && now.pid !== pid && childrenOf(world.supervisorPid()).includes(now.pid) && now;
    });
  await waitFor(async () => (await ask(two, server, question(1, 'first.example.com'))).rcode === 'NOERROR');

  await t.test('handed over five times under load: no question is lost, none refused', async (t) => {
    const full = overflown();
    const stop = flood(server, one, 2000);
    await waitFor(async () => ((await world.call<ProxyStatus>({ call: 'status' })).counters.answers ?? 0) > 1000);
    for (let times = 0; times < 5; times += 1) {
      const { pid } = await hello();
      await world.call({ call: 'upgrade' });
      const next = await another(pid);
      t.not(next.pid, pid);
      await waitFor(async () => ((await world.call<ProxyStatus>({ call: 'status' })).counters.answers ?? 0) > 500);
    }
    const { sent, answered, refused, failed, slowestMs } = await stop();
    t.comment(`${sent} questions, the slowest answer after ${Math.round(slowestMs)} ms`);
    t.ok(sent > 3500, 'as many as were waited for');
    t.same({ answered, refused }, { answered: sent, refused: 0 });
    // What has gathered while a busy machine starts a process comes to the server at once.
    t.ok(failed <= overflown() - full, `${failed} failed, for ${overflown() - full} of which the server had no room`);
  });

  await t.test('a connection stays with the process that has it, and is answered', async (t) => {
    const { pid } = await hello();
    const answers = (): Buffer[] =>
      unframed(Buffer.concat(two.talk.heard.flatMap((heard) => (heard.heard === 'data' ? [Buffer.from(heard.hex, 'hex')] : []))));
    const write = (id: number): void => {
      const hex = framed(question(id, `t${id}.example.com`)).toString('hex');
      two.talk.order({ do: 'write', connection: 1, hex });
    };
    two.talk.order({ do: 'open', connection: 1, server, port: 53 });
    write(1);
    await waitFor(() => answers().length === 1);
    await world.call({ call: 'upgrade' });
    await another(pid);
    write(2);
    await waitFor(() => answers().length === 2);
    t.same(
      answers().map((bytes) => answered('', 0, bytes).rcode),
      ['NOERROR', 'NOERROR'],
    );
    t.equal((await world.call<ProxyStatus>({ call: 'status' })).connections, 0, 'the next process has no part in it');
    // What is forbidden now is forbidden there, too.
    await world.allow({ allowed: rows.filter(({ protocol }) => protocol === 17), granted });
    write(3);
    await waitFor(() => answers().length === 3);
    t.equal(answered('', 0, answers()[2] as Buffer).rcode, 'REFUSED');
    two.talk.order({ do: 'end', connection: 1 });
    await world.allow({ allowed: rows, granted });
  });

  await t.test('what pods were told is known to the process that took over', async (t) => {
    const rows = await world.call<CacheRow[]>({ call: 'cache', name: 'first.example.com.' });
    t.match(rows, [{ endpoint: 2, namespace: 'shop', pod: 'pod-2', name: 'first.example.com.', address: '192.0.2.1' }]);
    t.ok(rows[0] !== undefined && rows[0].ttl > 100 && rows[0].ttl <= 300);
    t.same(await world.call<NamesRow[]>({ call: 'names' }), [{ selector: 'pattern:*.example.com', identity, grants: 2 }]);
    t.same(await world.grants(), [`1 192.0.2.1 ${identity}`, `2 192.0.2.1 ${identity}`]);
  });

  await t.test('killed under load: the next one serves at once, and only what was on its way is lost', async (t) => {
    const full = overflown();
    const stop = flood(server, one, 2000);
    await waitFor(async () => ((await world.call<ProxyStatus>({ call: 'status' })).counters.answers ?? 0) > 1000);
    const { pid } = await hello();
    const supervisor = world.supervisorPid();
    process.kill(pid, 'SIGKILL');
    const next = await another(pid);
    t.equal(next.generation, 3);
    await waitFor(() => world.supervisorPid() !== supervisor && !isAlive(supervisor));
    t.pass('the supervisor has served meanwhile, and has left it to another one');
    await waitFor(async () => ((await world.call<ProxyStatus>({ call: 'status' })).counters.answers ?? 0) > 500);
    const { sent, answered, refused, failed, slowestMs } = await stop();
    t.comment(`${sent} questions, ${sent - answered} lost, ${failed} failed, the slowest answer after ${Math.round(slowestMs)} ms`);
    // Questions that failed since their server had no room for them are no loss of the proxy's.
    const lost = sent - answered + Math.max(0, failed - (overflown() - full));
    t.ok(lost < 300, `${lost} of ${sent} are lost`);
    t.equal(refused, 0);
  });

  await t.test('without its supervisor it starts another one, which goes on with its sockets', async (t) => {
    const supervisor = world.supervisorPid();
    const { pid } = await hello();
    const stop = flood(server, one, 500);
    process.kill(supervisor, 'SIGKILL');
    const next = await another(pid);
    t.not(world.supervisorPid(), supervisor);
    process.kill(next.pid, 'SIGKILL');
    await another(next.pid);
    const { sent, answered, refused } = await stop();
    t.ok(sent - answered < 300, `${sent - answered} of ${sent} are lost`);
    t.equal(refused, 0);
  });

  await t.test('the access log: the last records, those to come, and a file of bounded size', async (t) => {
    await ask(two, server, question(2, 'refused.example.org'));
    const last = await new Promise<DnsFlow[]>((resolve) => {
      const flows: DnsFlow[] = [];
      world.follow({ call: 'log', pod: 'shop/pod-2', limit: 10 }, ({ record, result }) => {
        if (record !== undefined) flows.push(record as DnsFlow);
        if (result !== undefined) resolve(flows);
      });
    });
    t.match(last.at(-1), {
      verdict: 'DROPPED',
      source: { namespace: 'shop', pod_name: 'pod-2', identity: 1002, labels: ['k8s:app=web'] },
      destination: { identity: 2 },
      l7: { type: 'REQUEST', dns: { query: 'refused.example.org.', qtypes: ['A'] } },
    });
    const heard: DnsFlow[] = [];
    const socket = world.follow({ call: 'log', follow: true, name: '*.example.com' }, ({ record }) => heard.push(record as DnsFlow));
    await waitFor(async () => (await world.call<ProxyStatus>({ call: 'status' })).readers === 1);
    await ask(two, server, question(3, 'followed.example.com'));
    await waitFor(() => heard.length === 2);
    t.match(heard, [
      { l7: { type: 'REQUEST', dns: { query: 'followed.example.com.' } }, rule: 'cnp/shop/web spec.egress[0]' },
      { is_reply: true, l7: { type: 'RESPONSE', dns: { ips: ['192.0.2.1'], ttl: 300, rcode: 0, rrtypes: ['A'] } } },
    ]);
    socket.destroy();
    const binary = world.frames();
    await waitFor(async () => (await world.call<ProxyStatus>({ call: 'status' })).readers === 1);
    await ask(two, server, question(4, 'bytes.example.com'));
    const records = await waitFor(() => [...readRecords(binary.records())].length === 2 && [...readRecords(binary.records())]);
    t.match(records, [
      { kind: 'request', name: 'bytes.example.com.' },
      { kind: 'response', addresses: ['192.0.2.1'] },
    ]);
    binary.end();
    const file = await waitFor(() => readFileSync(logFile, 'utf8').includes('followed.example.com') && readFileSync(logFile, 'utf8'));
    t.ok(
      file
        .trim()
        .split('\n')
        .every((line) => typeof (JSON.parse(line) as DnsFlow).verdict === 'string'),
    );
    t.ok(file.length <= 65_536 && readFileSync(`${logFile}.2`, 'utf8').length <= 65_536);
    t.throws(() => readFileSync(`${logFile}.3`));
  });

  await t.test('a name is forgotten, and its grants with it', async (t) => {
    t.same(await world.call({ call: 'clean', endpoint: 2 }), { names: 5 });
    t.same(await world.call({ call: 'cache', endpoint: 2 }), []);
    t.notMatch((await world.grants()).join(), /^2 /);
  });

  await t.test('rules of a newer version are refused, and those before them stay in force, for the next process too', async (t) => {
    const path = join(world.folder, 'dns', 'rules.json');
    const before = readFileSync(path, 'utf8');
    const write = (text: string): void => {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    };
    write(JSON.stringify({ ...JSON.parse(before), format: 2, generation: 99, news: [] }));
    await t.rejects(world.call({ call: 'rules', generation: 99 }), { message: /format: of a newer version, this one reads 1: 2/ });
    const { pid, generation } = await hello();
    const problems = async () => (await world.call<ProxyStatus>({ call: 'status' })).problems;
    t.match(await problems(), [/of a newer version/]);
    process.kill(pid, 'SIGKILL');
    t.equal((await another(pid)).generation, generation);
    t.match(await problems(), [/of a newer version/]);
    t.equal((await ask(two, server, question(20, 'kept.example.com'))).rcode, 'NOERROR');
    t.equal((await ask(two, server, question(21, 'kept.example.org'))).rcode, 'REFUSED');
    write(before);
    await world.call({ call: 'rules', generation });
    t.same(await problems(), []);
  });

  await t.test('another version takes over under load, supervisor and all, and no question is lost', async (t) => {
    const root = fileURLToPath(new URL('../../../', import.meta.url));
    const next = join(world.folder, 'next');
    cpSync(join(root, 'orchestrator'), join(next, 'orchestrator'), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(next, 'node_modules'));
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    writeFileSync(join(next, 'package.json'), JSON.stringify({ ...manifest, version: '9.9.9' }));
    const [before, supervisor, full] = [await hello(), world.supervisorPid(), overflown()];
    const stop = flood(server, one, 500);
    await world.call({ call: 'upgrade', program: [process.execPath, join(next, 'orchestrator', 'main.ts')] });
    const after = await another(before.pid);
    t.equal(after.version, '9.9.9');
    t.equal(after.generation, before.generation);
    await waitFor(() => world.supervisorPid() !== supervisor && !isAlive(supervisor));
    const { sent, answered, refused, failed } = await stop();
    t.same({ answered, refused }, { answered: sent, refused: 0 });
    t.ok(failed <= overflown() - full);
    process.kill(after.pid, 'SIGKILL');
    t.equal((await another(after.pid)).version, '9.9.9', 'and its supervisor starts no other one');
  });

  await t.test('what the process does not understand it says so', async (t) => {
    await t.rejects(world.call({ call: 'sing' } as never), { message: /no such call: "sing"/ });
    const before = await hello();
    await t.rejects(world.call({ call: 'upgrade', program: ['/bin/false'] }), { message: /has ended: status 1/ });
    t.same(await hello(), before);
  });
});
