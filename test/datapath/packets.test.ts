// Every packet case on both machines: as the case says, and the same on both.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { packetCases } from './packets/all.ts';
import { openKernelMachine, openWasmMachine } from './packets/machines.ts';
import { familiesOf, type Played, playCase } from './packets/runner.ts';
import type { Machine } from './packets/stage.ts';

t.setTimeout(600_000);

const names = new Set<string>();
for (const [group, cases] of Object.entries(packetCases)) for (const { name } of cases) names.add(`${group}: ${name}`);

const wasm = await openWasmMachine();
const opened = await openKernelMachine();
const kernel = typeof opened === 'string' ? undefined : opened;
t.teardown(async () => {
  await wasm.datapath.close();
  await kernel?.datapath.close();
});

t.test('there are at least 200 cases, every one with a name of its own', async (t) => {
  const all = Object.values(packetCases).flat();
  t.ok(all.length >= 200, `${all.length} cases, ${all.flatMap(familiesOf).length} with both families`);
  t.equal(names.size, all.length);
});

for (const [group, cases] of Object.entries(packetCases)) {
  t.test(`${group}: wasm`, async (t) => {
    await play(t, wasm, cases);
  });
  t.test(`${group}: kernel`, { skip: typeof opened === 'string' && opened }, async (t) => {
    const possible = cases.filter(({ notInKernel }) => notInKernel === undefined);
    const played = await play(t, kernel as Machine, possible);
    const reference = await play(undefined, wasm, possible);
    for (const [title, { trace }] of played) {
      const other = reference.get(title)?.trace ?? [];
      if (trace.join('\n') !== other.join('\n')) t.same(trace, other, `${title}: the kernel does as wasm does`);
    }
    t.equal(played.size, reference.size, `${played.size} cases are alike on both machines`);
  });
}

async function play(
  asserts: { equal(found: unknown, wanted: unknown, message: string): unknown } | undefined,
  machine: Machine,
  cases: (typeof packetCases)[string],
): Promise<Map<string, Played>> {
  const results = new Map<string, Played>();
  for (const packetCase of cases) {
    for (const family of familiesOf(packetCase)) {
      const title = `${packetCase.name} (${family})`;
      const played = await playCase(machine, packetCase, family);
      results.set(title, played);
      asserts?.equal(played.faults.join('\n'), '', title);
    }
  }
  return results;
}

t.test('the example of the README plays its cases', async (t) => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
  const [, example = ''] = /```sh\nnode (.+)\n```/.exec(readme) ?? [];
  const args = [...example.matchAll(/'([^']+)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    encoding: 'utf8',
  });
  t.equal(status, 0, stderr);
  t.match(stdout, 'after a FIN of both sides');
  t.match(stdout, /10\.0\.0\.10:40000 > 10\.0\.0\.20:80 TCP FA, 40 bytes → local server/);
});
