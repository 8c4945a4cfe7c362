// What `npm pack` makes is installed into an empty folder, as a user would, and used there.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { installPackage } from './support/package.ts';
import { read, root } from './support/sources.ts';

const objects = ['build/datapath.wasm', 'build/datapath.bpf.o'];
const missing = objects.filter((path) => !existsSync(join(root, path)));
const skip = missing.length > 0 && `the package needs ${missing.join(' and ')}, which could not be built here`;

t.test('the installed package works on its own', { skip }, async (t) => {
  const { folder, node, remove } = installPackage();
  t.teardown(remove);
  const home = join(folder, 'node_modules/axoneme');

  t.test('it carries code, types, both compiled datapaths, the generated C and the licences, and no sources', async (t) => {
    const expected = ['LICENSE', 'README.md', 'dist', 'kernel', 'package.json'];
    t.same(readdirSync(home).sort(), expected);
    for (const path of ['dist/datapath.wasm', 'dist/datapath.bpf.o', 'kernel/generated/core.h', 'kernel/LICENSE']) {
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

  t.test("the README's example runs as it stands and prints what its comment says", async (t) => {
    const example = /```js\n(.*?)```/s.exec(read('README.md'))?.[1] ?? '';
    writeFileSync(join(folder, 'example.js'), example);
    const { status, stdout, stderr } = node('example.js');
    t.same({ status, stdout, stderr }, { status: 0, stdout: `${/; \/\/ (.+)$/m.exec(example)?.[1]}\n`, stderr: '' });
  });

  t.test('the command runs: version, probe and the tour', async (t) => {
    const bin = join(folder, 'node_modules/.bin/axoneme');
    t.equal(node(bin, 'version').stdout, `${JSON.parse(read('package.json')).version}\n`);
    t.match(node(bin, 'probe').stdout, /(kernel|wasm) mode: /);
    const { status, stdout } = node(bin, 'tour');
    t.equal(status, 0);
    t.match(stdout, 'packets through');
  });

  t.test('strict TypeScript without the browser library accepts its types', async (t) => {
    const example = readFileSync(join(folder, 'example.js'), 'utf8').replace("protocol: 'tcp'", "protocol: 'tcp' as const");
    writeFileSync(join(folder, 'example.ts'), `${example}\nexport const mode: string = datapath.mode satisfies 'wasm';\n`);
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
    const strict = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2022', '--module', 'nodenext'];
    const { status, stdout } = node(compiler, ...strict, ...types, 'example.ts');
    t.same({ status, stdout }, { status: 0, stdout: '' });
  });
});
