// The benchmark's command: its names, the shape of its JSON, and the example of its README.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { unifiedHierarchy } from '../../orchestrator/datapath/kernel/hierarchy.ts';
import { recordedNames } from '../../orchestrator/sandbox/record.ts';
import { kernelSkip } from '../support/kernel.ts';
import { sandboxSkip } from '../support/sandbox.ts';
import { catalogue, selectMetrics } from './catalogue.ts';
import type { JsonReport } from './report.ts';
import { quantile } from './rounds.ts';
import { iptablesRules } from './services/crr/iptables-rules.ts';
import { serviceSet } from './services/crr/services.ts';

t.setTimeout(300_000);
const main = fileURLToPath(new URL('main.ts', import.meta.url));
const promised = [
  'wasm.policy_verdict',
  'wasm.maglev_select',
  'wasm.decision_established',
  'kernel.established_allowed',
  'kernel.new_flow',
  'kernel.service_10',
  'kernel.service_10000',
  'kernel.denied',
  'testing.flows_per_second',
  'testing.start',
  'policy.resolve_full',
  'policy.identity_add',
  'policy.change',
  'state.change_p99',
  'state.row_overhead',
  'kv.identity_rate',
  'kube.sync_50k',
  'kube.sync_rss',
  'node.tcp_stream',
  'node.tcp_no_offload',
  'node.tcp_rr',
  'node.tcp_crr',
  'node.udp_pps',
  'node.cni_add',
  'node.endpoint_ready',
  'node.agent_rss',
  'node.policy_to_enforcement',
  'dns.queries_per_second',
  'dns.added_latency_p50',
  'dns.added_latency_p99',
  'dns.proxy_rss',
  'dns.grant_write_p99',
  'services.crr_10',
  'services.crr_1000_iptables',
  'services.crr_10000',
  'services.crr_30000_veth',
  'sandbox.up',
];
const folder = mkdtempSync(join(tmpdir(), 'axoneme-bench-'));
t.teardown(() => rmSync(folder, { recursive: true }));

function bench(...args: string[]): { pid: number; status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
}

function spawnBench(...args: string[]) {
  const child = spawn(process.execPath, [main, ...args], { stdio: 'ignore' });
  return { pid: child.pid, kill: () => child.kill('SIGKILL'), exitCode: () => child.exitCode };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

t.test('--list names every metric once, the promised ones among them', async (t) => {
  const { status, stdout } = bench('--list');
  const names = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0]);
  t.equal(status, 0);
  t.same(names, [...new Set(catalogue.map(({ name }) => name))]);
  for (const name of promised) t.ok(names.includes(name), name);
});

t.test('a name that is no metric is refused', async (t) => {
  const { status, stderr } = bench('wasm.nothing');
  t.not(status, 0);
  t.match(stderr, 'bench: no metric of that name: "wasm.nothing"');
});

const noCompiler = spawnSync(process.env.CC ?? 'gcc', ['--version']).status === 0 ? false : 'no C compiler for the yardstick';

t.test('--json writes what was measured, beside its yardstick', { skip: noCompiler }, async (t) => {
  const file = join(folder, 'few.json');
  const { status, stderr } = bench('wasm.policy_verdict', 'wasm.denied', '--rounds', '3', '--scale', '0.02', '--json', file);
  t.equal(status, 0, stderr);
  const report = JSON.parse(readFileSync(file, 'utf8')) as JsonReport;
  t.match(report.machine, { cpu: String, cpus: Number, kernel: String, node: process.versions.node });
  t.same(
    report.metrics.map(({ name }) => name),
    ['wasm.policy_verdict', 'wasm.denied'],
  );
  const [policy, denied] = report.metrics;
  t.match(policy, { value: Number, unit: 'ns', runs: 3, spread: Number, baseline: { name: String, value: Number }, ratio: Number });
  t.ok(policy && policy.value > 0 && policy.baseline && Math.abs((policy.ratio ?? 0) - policy.value / policy.baseline.value) < 1e-9);
  t.equal(denied?.baseline, undefined);
});

t.test('the library is measured as it is packed, beside the rules read directly and an empty process', async (t) => {
  const file = join(folder, 'testing.json');
  const { status, stderr } = bench('testing', '--rounds', '1', '--scale', '0.01', '--json', file);
  t.equal(status, 0, stderr);
  const { metrics } = JSON.parse(readFileSync(file, 'utf8')) as JsonReport;
  t.match(metrics, [
    { name: 'testing.flows_per_second', unit: 'flows/s', baseline: { name: 'the rules, read directly', value: Number } },
    { name: 'testing.start', unit: 'ms', baseline: { name: 'node -e 0', value: Number } },
  ]);
});

t.test('resolution is measured beside nested loops that find the same cells', async (t) => {
  const { status, stdout, stderr } = bench('policy.resolve_full', 'policy.change', '--rounds', '1', '--scale', '0.01');
  t.equal(status, 0, stderr);
  t.match(stdout, /^policy\.resolve_full +[\d.]+ ms .*nested loops/m);
  t.match(stdout, /^policy\.change +[\d.]+ ms .*all resolved again/m);
});

t.test('the state engine and the plain maps beside it end with the same routes, and the process with them', async (t) => {
  const { status, stdout, stderr } = bench('state', '--rounds', '1', '--scale', '0.05');
  t.equal(status, 0, stderr);
  t.match(stdout, /^state\.row_overhead +[\d.]+ B/m);
  t.match(stdout, /^state\.change_p99 +[\d.]+ ms/m);
});

t.test('a node is measured in sandboxes that are gone afterwards', { skip: noCompiler || (await sandboxSkip()) }, async (t) => {
  const file = join(folder, 'node.json');
  const { pid, status, stderr } = bench('node.tcp_rr', 'node.policy_to_enforcement', '--rounds', '1', '--scale', '0.1', '--json', file);
  t.equal(status, 0, stderr);
  const { metrics } = JSON.parse(readFileSync(file, 'utf8')) as JsonReport;
  t.match(metrics, [
    { name: 'node.tcp_rr', unit: 'requests/s', baseline: { name: 'bare veth', value: Number }, ratio: Number },
    { name: 'node.policy_to_enforcement', unit: 'ms', baseline: { name: 'the answer of the API', value: Number } },
  ]);
  t.ok(metrics.every(({ value, baseline }) => value > 0 && baseline && baseline.value > 0));
  t.notOk(recordedNames().includes(`bench-${pid}`));
});

const hierarchy = unifiedHierarchy(readFileSync('/proc/self/mountinfo', 'utf8')) ?? '';
const noProgram = ['nft', 'iptables-restore'].find((program) => spawnSync(program, ['--version']).status !== 0);
const noCrr =
  noCompiler ||
  (await kernelSkip()) ||
  (hierarchy === '' && 'there is no unified hierarchy of cgroups here') ||
  (noProgram !== undefined && `${noProgram} is not here`);
const cgroupsOf = (pid: number | undefined) => readdirSync(hierarchy).filter((name) => name.startsWith(`axoneme-bench-${pid}-`));

t.test('services are measured beside the rules of a kube-proxy', { skip: noCrr }, async (t) => {
  const file = join(folder, 'crr.json');
  const names = ['services.crr_10', 'services.crr_10_iptables', 'services.crr_10_veth'];
  const { pid, status, stderr } = bench(...names, '--rounds', '1', '--scale', '0.1', '--json', file);
  t.equal(status, 0, stderr);
  const { metrics } = JSON.parse(readFileSync(file, 'utf8')) as JsonReport;
  t.match(
    metrics,
    ["kube-proxy's nftables", "kube-proxy's iptables", 'bare veth, no service'].map((name, at) => ({
      name: names[at],
      unit: 'requests/s',
      baseline: { name, value: Number },
    })),
  );
  t.ok(metrics.every(({ value, baseline }) => value > 0 && baseline && baseline.value > 0));
  t.same(cgroupsOf(pid), []);
});

t.test('services leave nothing behind when the benchmark is killed', { skip: noCrr }, async (t) => {
  const { pid, kill, exitCode } = spawnBench('services.crr_10_veth');
  await until(() => cgroupsOf(pid).length > 0 || exitCode() !== null);
  t.equal(exitCode(), null);
  kill();
  await until(() => cgroupsOf(pid).length === 0);
  t.same(cgroupsOf(pid), []);
});

const noDnsProgram = ['ip', 'nft', 'dnsmasq', 'taskset'].find((program) => spawnSync(program, ['--version']).error !== undefined);
const noDns = noCompiler || (await kernelSkip()) || (noDnsProgram !== undefined && `${noDnsProgram} is not here`);

t.test('the DNS proxy is measured beside the server that it asks, and no record of its log is lost', { skip: noDns }, async (t) => {
  const file = join(folder, 'dns.json');
  const { status, stderr } = bench('dns', '--rounds', '1', '--scale', '0.02', '--json', file);
  t.equal(status, 0, stderr);
  const { metrics } = JSON.parse(readFileSync(file, 'utf8')) as JsonReport;
  t.match(metrics, [
    { name: 'dns.queries_per_second', unit: 'queries/s', baseline: { name: 'dnsmasq, asked directly', value: Number } },
    { name: 'dns.queries_per_second_forward', unit: 'queries/s', baseline: { name: 'dnsmasq that only forwards', value: Number } },
    { name: 'dns.cpu_per_query', unit: 'ns' },
    { name: 'dns.added_latency_p50', unit: 'ms', baseline: { name: 'dnsmasq, asked directly', value: Number } },
    { name: 'dns.added_latency_p99', unit: 'ms', baseline: { name: 'dnsmasq, asked directly', value: Number } },
    { name: 'dns.added_latency_p50_forward', unit: 'ms', baseline: { name: 'dnsmasq that only forwards', value: Number } },
    { name: 'dns.added_latency_p99_forward', unit: 'ms', baseline: { name: 'dnsmasq that only forwards', value: Number } },
    { name: 'dns.queries_per_second_file', unit: 'queries/s' },
    { name: 'dns.log_file_missing', unit: '%' },
    { name: 'dns.added_latency_p50_file', unit: 'ms', baseline: { name: 'dnsmasq, asked directly', value: Number } },
    { name: 'dns.added_latency_p99_file', unit: 'ms', baseline: { name: 'dnsmasq, asked directly', value: Number } },
    { name: 'dns.proxy_rss', unit: 'MB', baseline: { name: 'before it was asked', value: Number } },
    { name: 'dns.proxy_rss_supervised', unit: 'MB', baseline: { name: 'before it was asked', value: Number } },
    { name: 'dns.grant_write_p99', unit: 'ms', baseline: { name: 'the same entries, written by C', value: Number } },
  ]);
  // Differences, and what may be nothing.
  const mayBeLess = /latency|missing/;
  const ownDifference = /latency.*_forward$/;
  for (const { name, value, baseline } of metrics) {
    t.ok(value > 0 || mayBeLess.test(name), name);
    t.ok(baseline === undefined || baseline.value > 0 || ownDifference.test(name), `the baseline of ${name}`);
  }
});

t.test('a name may be what several have before an underscore, unless one of them is called so', async (t) => {
  const named = (...names: string[]) => selectMetrics(names).map(({ name }) => name);
  t.same(
    named('services.crr'),
    [10, 1000, 10000, 30000].flatMap((count) => ['', '_iptables', '_iptables_middle', '_veth'].map((end) => `services.crr_${count}${end}`)),
  );
  t.same(named('services.crr_10'), ['services.crr_10']);
});

t.test('all other rules come before those of the service that is measured, and half of them before the middle one', async (t) => {
  const { services, measured, middle } = serviceSet(10, 112, ['10.1.2.2']);
  const rules = iptablesRules(services, '10.1.0.0/16').split('\n');
  const ofServices = rules.filter((rule) => rule.startsWith('-A KUBE-SERVICES -d '));
  t.equal(ofServices.length, 10);
  t.match(ofServices.at(-1), measured.address);
  t.match(ofServices[5], middle.address);
});

t.test('the example of the README runs', { skip: noCompiler }, async (t) => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
  const [, example = ''] = /```sh\n(.+)\n```/.exec(readme) ?? [];
  const args = example.replace('npm run -s bench -- ', '').replace('build/bench.json', join(folder, 'example.json')).split(' ');
  const { status, stdout, stderr } = bench(...args, '--rounds', '1', '--scale', '0.01');
  t.equal(status, 0, stderr);
  t.match(stdout, /^wasm\.maglev_select +-?[\d.]+ ns/m);
  t.ok(existsSync(join(folder, 'example.json')));
});

t.test('a quantile lies between the two nearest values', async (t) => {
  t.equal(quantile([3, 1, 2], 0.5), 2);
  t.equal(quantile([4, 1, 2, 3], 0.5), 2.5);
  t.equal(quantile([10, 20, 30, 40, 50], 0.25), 20);
});
