// The agent's side of the DNS proxy: rules on disk and told, a process started where one is needed, and nobody held up by one that is not there.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { DnsControl } from '../../orchestrator/agent/dns-control.ts';
import { dnsPort } from '../../orchestrator/agent/dns-port.ts';
import { DnsProxy, type DnsProxyOptions } from '../../orchestrator/agent/dns-proxy.ts';
import { readRules } from '../../orchestrator/dns/rules.ts';
import { noDns, type WantedDns } from '../../orchestrator/enforcement/dns/wanted-rules.ts';
import { openLog } from '../../orchestrator/log.ts';
import { realClock as clock } from '../../orchestrator/state/clock.ts';
import { version } from '../../orchestrator/version.ts';
import { ControlParty } from './dns-control.ts';

t.setTimeout(60_000);

const rulesFor = (...ids: number[]): WantedDns => ({
  endpoints: ids.map((id) => ({ id, namespace: 'shop', pod: `p${id}`, identity: 256, labels: [], addresses: [`10.0.0.${id}`], set: 7 })),
  sets: [{ set: 7, allowed: [], granted: [] }],
});

interface Setting {
  readonly runDir: string;
  readonly did: string[];
  readonly lines: string[];
  open(more?: Partial<DnsProxyOptions>): Promise<{ proxy: DnsProxy; end(): Promise<void> }>;
}

function setting(t: { teardown(act: () => unknown): void }): Setting {
  const runDir = mkdtempSync(join(tmpdir(), 'axoneme-dns-'));
  const did: string[] = [];
  const lines: string[] = [];
  const ends: (() => Promise<void>)[] = [];
  t.teardown(async () => {
    for (const end of ends) await end();
    rmSync(runDir, { recursive: true });
  });
  const log = openLog({ write: (line) => lines.push(line), now: () => new Date(0) }).room('dns');
  return {
    runDir,
    did,
    lines,
    async open(more = {}) {
      const proxy = await DnsProxy.open({
        runDir,
        reject: 'refused',
        mode: 'wasm',
        port: 10_053,
        lead: () => did.push('lead'),
        start: () => did.push('start'),
        stop: async () => did.push('stop'),
        clock,
        log,
        ...more,
      });
      const ending = new AbortController();
      const running = proxy.run({ signal: ending.signal });
      const end = async () => {
        ending.abort();
        await running;
      };
      ends.push(end);
      return { proxy, end };
    },
  };
}

async function until(holds: () => unknown): Promise<void> {
  for (const signal = AbortSignal.timeout(20_000); !holds(); ) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

t.test('a process is started when rules need one, and not before', async (t) => {
  const { runDir, did, open } = setting(t);
  const party = new ControlParty(runDir);
  t.teardown(() => party.die());
  const start = () => {
    did.push('start');
    void party.open();
  };
  const { proxy } = await open({ start });
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.same([did, proxy.state, proxy.problems()], [[], 'idle', []]);
  await proxy.tell(rulesFor(5));
  t.equal((await readRules(join(runDir, 'dns', 'rules.json')))?.generation, 1, 'what is told is on disk first');
  await proxy.ready(5, AbortSignal.timeout(20_000));
  t.same([did, proxy.state, proxy.problems()], [['lead', 'start'], 'serving', []]);
  t.same(party.rules, await readRules(join(runDir, 'dns', 'rules.json')));
  await proxy.tell(rulesFor(5, 6));
  t.same([party.rules?.generation, party.rules?.endpoints.length], [2, 2], 'who serves has them when telling ends');
  await proxy.tell(noDns);
  t.same([party.rules?.endpoints, did.length], [[], 2]);
});

t.test('it is started before a pod here needs it, and rules for the first pod wait until it has them', async (t) => {
  const { runDir, did, open } = setting(t);
  const party = new ControlParty(runDir);
  t.teardown(() => party.die());
  const { proxy } = await open();
  proxy.expect(true);
  await until(() => did.includes('start'));
  t.same([did, proxy.problems()], [['lead', 'start'], []]);
  let hasEnded = false;
  const telling = proxy.tell(rulesFor(5)).then(() => (hasEnded = true));
  await until(() => proxy.problems().length > 0);
  t.match(proxy.problems(), [/^rules for names of 1 pods are not in force yet: /]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.notOk(hasEnded, 'nobody answers yet');
  await party.open();
  await telling;
  t.same([proxy.state, party.rules?.endpoints.length, proxy.problems()], ['serving', 1, []]);
  t.equal(did.filter((act) => act === 'start').length, 1);
});

t.test('who lives on knows what was told before, and is told nothing that it knows', async (t) => {
  const { runDir, did, open } = setting(t);
  const party = new ControlParty(runDir);
  await party.open();
  t.teardown(() => party.die());
  const first = await open();
  await first.proxy.tell(rulesFor(5));
  await until(() => party.rules !== undefined);
  await first.end();
  did.length = 0;
  party.heard.length = 0;
  const second = await open();
  t.same(second.proxy.earlier, rulesFor(5));
  await until(() => second.proxy.state === 'serving');
  t.same([party.count('hello'), party.count('rules'), did], [1, 0, ['lead']]);
  await second.end();

  const third = await open({ reject: 'nxdomain' });
  await until(() => party.rules?.reject === 'nxdomain');
  t.equal(party.rules?.generation, 2, 'another answer to what is refused is another generation');
  await third.end();

  party.hello = { ...party.hello, generation: 40 };
  const { proxy } = await open({ reject: 'nxdomain' });
  await until(() => party.rules?.generation === 41);
  t.same(party.rules?.endpoints, rulesFor(5).endpoints, 'a file that is older than what the proxy has is written anew');
  await until(() => proxy.state === 'serving');
});

t.test('one that ends and comes again is told again; meanwhile it is said what is missing', async (t) => {
  const { runDir, did, open } = setting(t);
  const party = new ControlParty(runDir);
  await party.open();
  const { proxy } = await open();
  await proxy.tell(rulesFor(5));
  await until(() => proxy.state === 'serving');
  await party.die();
  await until(() => proxy.state !== 'serving');
  t.match(proxy.problems(), [/^DNS of 1 pods is dropped: /]);
  const began = performance.now();
  await proxy.tell(rulesFor(5, 6));
  t.ok(performance.now() - began < 1500, 'who tells does not wait for it');
  await party.open();
  t.teardown(() => party.die());
  await until(() => proxy.state === 'serving');
  t.same([party.rules?.endpoints.length, proxy.problems()], [2, []]);
  t.notOk(did.includes('start'), 'one that comes back by itself is not started');
});

t.test('one that never comes is away: pods do not wait for it', async (t) => {
  const { did, lines, open } = setting(t);
  let offset = 0;
  const hasty = { ...clock, now: () => clock.now() + offset };
  const { proxy } = await open({ clock: hasty });
  const first = proxy.tell(rulesFor(5));
  await until(() => did.includes('start'));
  offset = 20_000;
  await until(() => proxy.state === 'away');
  await first;
  const began = performance.now();
  await proxy.tell(rulesFor(5, 6));
  t.ok(performance.now() - began < 5000, 'nor do rules of more pods');
  await proxy.ready(5, AbortSignal.timeout(20_000));
  await proxy.ready(99, AbortSignal.timeout(20_000));
  t.match(proxy.problems(), [/DNS of 2 pods is dropped/]);
  t.equal(did.filter((act) => act === 'start').length, 2, 'it is started again');
  t.equal(lines.filter((line) => line.includes('does not answer')).length, 1, 'and told once');
});

t.test('one that takes what it is told and does not answer holds up nobody for long', async (t) => {
  const { runDir, open } = setting(t);
  const party = new ControlParty(runDir);
  await party.open();
  t.teardown(() => party.die());
  const { proxy } = await open();
  await proxy.tell(rulesFor(5));
  await until(() => proxy.state === 'serving');
  party.isSilent = true;
  const began = performance.now();
  await proxy.tell(rulesFor(5, 6));
  t.ok(performance.now() - began < 6000);
  await until(() => proxy.state !== 'serving');
  t.match(proxy.problems(), [/no answer to "rules"/]);
  party.isSilent = false;
  await until(() => party.rules?.endpoints.length === 2);
});

t.test('one of another port or mode is ended, one of another version is asked to hand over', async (t) => {
  const { runDir, did, open } = setting(t);
  const party = new ControlParty(runDir, { port: 1 });
  await party.open();
  t.teardown(() => party.die());
  const stop = async () => {
    did.push('stop');
    party.hello = { ...party.hello, port: 10_053, version: '0.0.1' };
  };
  const { proxy } = await open({ stop });
  await proxy.tell(rulesFor(5));
  await until(() => proxy.state === 'serving');
  t.equal(did.filter((act) => act === 'stop').length, 1);
  await until(() => party.count('upgrade') === 1);
  t.match(
    party.heard.find(({ call }) => call === 'upgrade'),
    { program: [process.execPath] },
  );
});

t.test('one of another version that refuses to hand over is asked again until this version serves, and status says so', async (t) => {
  const { runDir, lines, open } = setting(t);
  const party = new ControlParty(runDir, { version: '0.0.1' });
  await party.open();
  t.teardown(() => party.die());
  party.upgradeRefusals.push('another one takes over just now', 'the new process has ended: SIGKILL');
  const { proxy } = await open();
  t.equal(proxy.upgradeProblem, undefined);
  await proxy.tell(rulesFor(5));
  await until(() => party.count('upgrade') === 1);
  await until(() => proxy.upgradeProblem !== undefined);
  t.match(
    proxy.upgradeProblem,
    /^the DNS proxy is of version 0\.0\.1 still, and is asked again to hand over to .*: .*another one takes over just now/,
  );
  t.same([proxy.state, proxy.problems()], ['serving', []], 'meanwhile it serves');
  await proxy.tell(rulesFor(5, 6));
  t.equal(party.rules?.endpoints.length, 2, 'and takes rules');
  // Who takes its place is of that version, too.
  await party.die();
  await party.open();
  await until(() => party.count('upgrade') === 2);
  await until(() => proxy.upgradeProblem?.includes('has ended: SIGKILL'));
  await until(() => party.count('upgrade') === 3);
  party.hello = { ...party.hello, version: version() };
  await party.die();
  await party.open();
  await until(() => proxy.state === 'serving' && party.count('hello') === 3);
  await until(() => proxy.upgradeProblem === undefined);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  t.equal(party.count('upgrade'), 3, 'it is asked no more');
  t.equal(lines.filter((line) => line.includes('stays at version')).length, 1, 'and that is told once');
});

t.test('one that says it has handed over and is of its version still is asked less and less often', async (t) => {
  const { runDir, open } = setting(t);
  const party = new ControlParty(runDir, { version: '0.0.1' });
  await party.open();
  t.teardown(() => party.die());
  const times: number[] = [];
  const patient = { ...clock, random: () => 1 };
  const { proxy } = await open({ clock: patient });
  await proxy.tell(rulesFor(5));
  for (let asked = 1; asked <= 4; asked += 1) {
    await until(() => party.count('upgrade') >= asked);
    times.push(patient.now());
  }
  const pauses = times.slice(1).map((at, index) => at - (times[index] as number));
  t.ok(
    pauses.every((pause, index) => pause >= 0.5 * 200 * 2 ** index),
    `${pauses}`,
  );
});

t.test('one that does not take the rules of this version keeps its own, and says so, until another one takes over', async (t) => {
  const { runDir, open } = setting(t);
  const party = new ControlParty(runDir, { version: '0.0.1' });
  await party.open();
  t.teardown(() => party.die());
  const { proxy } = await open();
  party.refusal = 'rules.json: format: of a newer version, this one reads 1: 2';
  await proxy.tell(rulesFor(5));
  await until(() => proxy.problems().length > 0);
  t.equal(proxy.state, 'serving');
  t.match(proxy.problems(), [/^it keeps its rules, for it does not take those of this agent: .*of a newer version/]);
  await until(() => party.count('upgrade') > 0);
  party.refusal = undefined;
  await party.die();
  await party.open();
  await until(() => party.rules?.endpoints.length === 1 && proxy.problems().length === 0);
});

t.test('rules that cannot be read are written anew, a folder that cannot be written is told', async (t) => {
  const { runDir, lines, open } = setting(t);
  const party = new ControlParty(runDir);
  await party.open();
  t.teardown(() => party.die());
  writeFileSync(join(runDir, 'dns', 'rules.json'), '{');
  const { proxy, end } = await open();
  t.equal(proxy.earlier, undefined);
  t.equal(lines.filter((line) => line.includes('cannot be read')).length, 1);
  await proxy.tell(rulesFor(5));
  await until(() => party.rules?.endpoints.length === 1);
  await end();
  const nowhere = join(runDir, 'file');
  writeFileSync(nowhere, '');
  const lost = await open({ runDir: nowhere });
  await lost.proxy.tell(rulesFor(5));
  t.match(lost.proxy.problems().at(-1), /its rules cannot be written: /);
});

t.test('control: what is refused is refused, who hangs up has not answered', async (t) => {
  const { runDir } = setting(t);
  const party = new ControlParty(runDir);
  await party.open();
  const path = join(runDir, 'dns', 'control.sock');
  const control = await DnsControl.connect(path);
  await t.rejects(control.call({ call: 'names' }, 1000), { code: 'DNS_PROXY_REFUSED', message: 'DNS proxy: no such call: names' });
  party.isSilent = true;
  await t.rejects(control.call({ call: 'names' }, 20), { code: 'DNS_PROXY_UNREACHABLE', message: /no answer to "names" within 20 ms/ });
  const waiting = control.call({ call: 'status' }, 10_000);
  await party.die();
  await t.rejects(waiting, { code: 'DNS_PROXY_UNREACHABLE', message: /it hung up/ });
  await control.closed;
  await t.rejects(control.call({ call: 'status' }, 1000), { code: 'DNS_PROXY_UNREACHABLE' });
  await t.rejects(DnsControl.connect(path), { code: 'DNS_PROXY_UNREACHABLE' });
});

t.test('the port is chosen once, and is one that nobody has', async (t) => {
  const { runDir } = setting(t);
  const port = await dnsPort(runDir, 0);
  t.ok(port >= 10_000 && port < 30_000);
  t.equal(await dnsPort(runDir, 0), port, 'and kept');
  t.equal(await dnsPort(runDir, 5353), 5353, 'unless another one is asked for');
  writeFileSync(join(runDir, 'dns-proxy-port'), 'x');
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  t.teardown(() => server.close());
  const { port: taken } = server.address() as { port: number };
  const chances = [(taken - 10_000) / 20_000, 0.25];
  const chosen = await dnsPort(runDir, 0, () => chances.shift() ?? Math.random());
  t.not(chosen, taken);
  await t.rejects(dnsPort(join(runDir, 'none'), 0), { code: 'STATE_UNWRITABLE' });
});
