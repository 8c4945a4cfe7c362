// What `npm pack` makes is installed into an empty folder, as a user would, and used there.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { LogEntry } from '../orchestrator/dns/log/log-entry.ts';
import { LogRing } from '../orchestrator/dns/log/log-ring.ts';
import { LogFile } from '../orchestrator/dns/process/log-file.ts';
import { examples, pattern, writeFiles } from './cli/sandbox/guide.ts';
import { installPackage } from './support/package.ts';
import { sandboxSkip, testName } from './support/sandbox.ts';
import { read, root } from './support/sources.ts';
import { linkRunner, programs, runnerRows, runnerSkip, testFile, writeManifests } from './testing/documented.ts';

t.setTimeout(600_000);

const objects = ['build/datapath.wasm', 'build/datapath.bpf.o'];
const missing = objects.filter((path) => !existsSync(join(root, path)));
const skip = missing.length > 0 && `the package needs ${missing.join(' and ')}, which could not be built here`;

const readmeExamples = [...read('README.md').matchAll(/```js\n(.*?)```/gs)].map(([, code = '']) => code);

/** Wrong uses are errors too. */
const typedUse = `
import type { Cluster, Flow } from 'axoneme/testing';
export const typed: Cluster = cluster;
export function use(flow: Flow): 'allow' | 'deny' | 'redirect' {
  // @ts-expect-error: no such protocol
  cluster.flow({ from: 'a', to: 'b', port: 1, protocol: 'quic' });
  return flow.ingress.verdict;
}
`;

t.test('the installed package works on its own', { skip }, async (t) => {
  const { folder, node, shell, remove } = installPackage();
  t.teardown(remove);
  const home = join(folder, 'node_modules/axoneme');

  t.test('it carries code, types, both compiled datapaths, the generated C and the licences, and no sources', async (t) => {
    const expected = ['LICENSE', 'README.md', 'dist', 'kernel', 'orchestrator', 'package.json'];
    t.same(readdirSync(home).sort(), expected);
    const files = readdirSync(join(home, 'orchestrator'), { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('.'));
    t.ok(files.length > 0 && files.every((path) => path.endsWith('GUIDE.md')), 'of the orchestrator its guides');
    for (const path of ['dist/datapath.wasm', 'dist/datapath.bpf.o', 'dist/cni.cjs', 'kernel/generated/core.h', 'kernel/LICENSE']) {
      t.ok(existsSync(join(home, path)), path);
    }
  });

  t.test('it brings no compiler: koffi is all that it depends on', async (t) => {
    const others = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'));
    t.same(
      others.filter((name) => !['axoneme', 'koffi', '@koromix'].includes(name)),
      [],
    );
  });

  t.test('the code of others in it comes with their licences, and every library that we import is there', async (t) => {
    const texts = readFileSync(join(home, 'dist/THIRD-PARTY.txt'), 'utf8');
    const sections = texts.split(/^={72}\n/m).slice(1);
    const packages = sections.map((section) => /^(\S+) (\S+) \(([^)\n]+)\)\n\n(.+)$/s.exec(section) ?? []);
    for (const name of ['@grpc/grpc-js', '@kubernetes/client-node', 'dns-packet', 'etcd3', 'protobufjs', 'yaml']) {
      t.ok(
        packages.some(([, one]) => one === name),
        name,
      );
    }
    for (const [, name, , licence, text = ''] of packages) {
      t.match(licence, /^(MIT|ISC|BSD-3-Clause|Apache-2\.0)$/, name);
      t.ok(text.length > 500, `${name}: a whole text`);
    }
    t.ok(readdirSync(join(home, 'dist/shop')).includes('topology.yaml'), 'the demo has its shop');
  });

  t.test("the README's examples run as they stand and print what their comments say", async (t) => {
    t.equal(readmeExamples.length, 2);
    for (const example of readmeExamples) {
      const prints = [...example.matchAll(/; \/\/ (.+)$/gm)].map(([, words]) => `${words}\n`);
      t.ok(prints.length > 0);
      writeFileSync(join(folder, 'example.js'), example);
      const { status, stdout, stderr } = node('example.js');
      t.same({ status, stdout, stderr }, { status: 0, stdout: prints.join(''), stderr: '' });
    }
  });

  t.test('the programs of the guide to the library run as they stand and print what their comments say', async (t) => {
    t.ok(programs.length >= 4);
    writeManifests(folder);
    for (const { title, code, prints } of programs) {
      writeFileSync(join(folder, 'program.js'), code);
      const { status, stdout, stderr } = node('program.js');
      t.same({ status, stdout, stderr }, { status: 0, stdout: prints.map((line) => `${line}\n`).join(''), stderr: '' }, title);
    }
  });

  for (const { name, importLine, command } of runnerRows) {
    t.test(`the guide's test runs under ${name} as it says, and fails when a policy is wrong`, { skip: runnerSkip(name) }, async (t) => {
      linkRunner(name, folder);
      const file = join(folder, 'shop.test.js');
      const code = testFile.replace(/^import \{ test \} .*$/m, importLine);
      t.not(name === 'node:test' ? '' : code, testFile, 'another import');
      writeFileSync(file, code);
      const good = shell(command);
      t.equal(good.status, 0, `${good.stdout}${good.stderr}`);
      writeFileSync(file, code.replace('port: "5432"', 'port: "5433"'));
      const bad = shell(command);
      t.not(bad.status, 0, 'another port');
      t.match(`${bad.stdout}${bad.stderr}`, 'denied by default: ingress of shop/db');
      rmSync(file);
    });
  }

  t.test('the command runs: version, probe, the tour, and what starts an agent and an operator', async (t) => {
    const bin = join(folder, 'node_modules/.bin/axoneme');
    t.equal(node(bin, 'version').stdout, `${JSON.parse(read('package.json')).version}\n`);
    t.match(node(bin, 'probe').stdout, /(kernel|wasm) mode: /);
    const { status, stdout } = node(bin, 'tour');
    t.equal(status, 0);
    t.match(stdout, 'packets through');
    t.match(node(bin, 'agent', '--help'), { status: 0, stdout: /^ {2}--node-name TEXT/m });
    t.match(node(bin, 'operator', '--help'), { status: 0, stdout: /^ {2}--lease-name NAME/m });
    t.match(node(bin, 'status', '--socket', '/nowhere'), { status: 1, stdout: /is the agent running/ });
  });

  t.test('the process that writes the log of DNS to its file is one of its own', async (t) => {
    const ring = new LogRing(1 << 16);
    const path = join(folder, 'dns.log');
    const naming = { node: 'n1', pod: () => undefined };
    const program = [process.execPath, join(home, 'dist/axoneme.js')];
    const parts = { path, mostBytes: 1 << 20, files: 1, reader: ring.reader('newest'), naming, after: Promise.resolve(), program };
    {
      await using _ = new LogFile(parts);
      for (let count = 0; count < 100; count += 1) ring.write(new LogEntry());
    }
    t.match(
      readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
      new Array(100).fill({ node_name: 'n1' }),
    );
  });

  const sandboxless = skip || (await sandboxSkip());
  t.test('the guide to the sandbox does what it says: clusters of installed agents', { skip: sandboxless }, async (t) => {
    const name = testName('guide');
    const here = (line: string) => shell(`export AXONEME_SANDBOX=${name}; ${line}`);
    writeFiles(folder);
    t.teardown(() => here('axoneme sandbox down'));
    const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
    t.ok(examples.length >= 7);
    for (const { heading, commands, prints } of examples) {
      if (commands.includes('kubectl') && !hasKubectl) continue;
      const { stdout, stderr } = here(commands);
      t.match(stdout, pattern(prints.replaceAll('default', name)), `${heading}\n${stderr}`);
    }
  });

  t.test('strict TypeScript without the browser library accepts its types', async (t) => {
    const [testing = '', datapath = ''] = readmeExamples;
    const typed = datapath.replace("protocol: 'tcp'", "protocol: 'tcp' as const");
    writeFileSync(join(folder, 'testing.ts'), `${testing}\n${typedUse}`);
    writeFileSync(join(folder, 'example.ts'), `${typed}\nexport const mode: string = datapath.mode satisfies 'wasm';\n`);
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
    const strict = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2022', '--module', 'nodenext'];
    for (const [index, { code }] of programs.entries()) writeFileSync(join(folder, `program${index}.ts`), `${code}\n${typedUse}`);
    const library = programs.map((_, index) => `program${index}.ts`);
    const { status, stdout } = node(compiler, ...strict, ...types, 'example.ts', 'testing.ts', ...library);
    t.same({ status, stdout }, { status: 0, stdout: '' });
  });
});
