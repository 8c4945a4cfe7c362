// Libraries of the package: each a file of its own, which is read when something of it is used. CommonJS, as most of them are: they
// require Node's own modules while they run, which a bundle of ES modules can't.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import protobuf from 'protobufjs';

/** What our code imports → its file. */
export const libraries: Readonly<Record<string, string>> = {
  '@kubernetes/client-node/dist/config.js': 'kubernetes-config.cjs',
  'dns-packet': 'dns-packet.cjs',
  etcd3: 'etcd3.cjs',
  yaml: 'yaml.cjs',
};

/** etcd's client reads its protocol from files around it: in the package it is part of the code. */
const protocolInside: Plugin = {
  name: 'protocol-inside',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[/]etcd3[/]lib[/]connection-pool\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      // biome-ignore lint/suspicious/noTemplateCurlyInString: text of the library
      const reading = 'loadSync)(`${__dirname}/../proto/rpc.proto`';
      if (!text.includes(reading)) throw new Error(`${path} reads its protocol in another way than before`);
      const file = join(path, '../../proto/rpc.proto');
      const protocol = new protobuf.Root().loadSync(file, { keepCase: true }).toJSON();
      return { contents: text.replace(reading, () => `fromJSON)(${JSON.stringify(protocol)}`), loader: 'js' };
    }),
};

/** Of the client of Kubernetes we use what reads a kubeconfig: the thousand files of its API, and the `fetch` they are called by, stay away. */
const configAlone: Plugin = {
  name: 'config-alone',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(\.\/gen\/index\.js|node-fetch)$/ }, ({ path, importer }) =>
      importer.endsWith('client-node/dist/config.js') ? { path, namespace: 'instead' } : undefined,
    );
    onLoad({ filter: /^\.\/gen/, namespace: 'instead' }, () => ({
      contents: `const absent = () => { throw new Error('no clients of the API are in this package'); };
        export { absent as createConfiguration, absent as ServerConfiguration };`,
    }));
    onLoad({ filter: /^node-fetch/, namespace: 'instead' }, () => ({ contents: 'export const { Headers } = globalThis;' }));
  },
};

/** Files that became part of it. */
export async function bundleLibrary(name: string, folder: string): Promise<string[]> {
  // By name: whoever imports from CommonJS sees the names that are spelled there.
  const names = Object.keys(await import(name)).filter((word) => word !== 'default' && /^[A-Za-z_$][\w$]*$/.test(word));
  const { metafile } = await build({
    stdin: { contents: `export { ${names.join(', ')} } from ${JSON.stringify(name)}`, resolveDir: import.meta.dirname },
    outfile: join(folder, libraries[name]),
    bundle: true,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22.18',
    plugins: [protocolInside, configAlone],
    metafile: true,
    logLevel: 'warning',
  });
  return partsOf(metafile);
}

/** Files of which something is left in what was made of them. */
export function partsOf({ outputs }: Metafile): string[] {
  return Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0));
}
