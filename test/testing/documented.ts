// The guide to the library as programs: its code blocks, what they print, and the runners that it names.
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { read, root } from '../support/sources.ts';

const [guide, readme] = [read('orchestrator/testing/GUIDE.md'), read('README.md')];
const [first = '', ...others] = blocks(guide);

/** A test as users write it, for node:test. */
export const testFile = first;

export interface Program {
  readonly title: string;
  readonly code: string;
  /** Lines that its comments promise. */
  readonly prints: readonly string[];
}

/** The guide's blocks after the first, and the README's, by the heading that each stands under. */
export const programs: readonly Program[] = [
  ...others.map((code) => program(guide, code)),
  ...blocks(readme)
    .filter((code) => code.includes("'axoneme/testing'"))
    .map((code) => program(readme, code)),
];

function blocks(text: string): string[] {
  return [...text.matchAll(/```js\n(.*?)```/gs)].map(([, code = '']) => code);
}

function program(text: string, code: string): Program {
  const title =
    text
      .slice(0, text.indexOf(code))
      .match(/^## (.+)$/gm)
      ?.at(-1)
      ?.slice(3) ?? '';
  return { title, code, prints: [...code.matchAll(/^console\.log\(.*\); \/\/ (.+)$/gm)].map(([, line = '']) => line) };
}

/** What the programs find in their folder. */
export function writeManifests(folder: string): void {
  mkdirSync(join(folder, 'policies'));
  writeFileSync(
    join(folder, 'policies/shop.yaml'),
    `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: cart
  namespace: shop
spec:
  endpointSelector: { matchLabels: { app: cart } }
  egress:
    - toEndpoints: [{}]
      toPort: [{ ports: [{ port: "5432" }] }]
`,
  );
}

export interface RunnerRow {
  readonly name: string;
  /** The line that imports `test`. */
  readonly importLine: string;
  readonly command: string;
}

/** The table of runners. */
export const runnerRows: readonly RunnerRow[] = [...guide.matchAll(/^\| (\S+) +\| `(import [^`]+)` *\| `([^`]+)` *\|$/gm)].map(
  ([, name, importLine, command]) => ({ name, importLine, command }),
);

const installedAt: Readonly<Record<string, string>> = { tap: 'node_modules', 'node:test': '' };

/** Why a runner cannot be tried, as a sentence; false when it can. */
export function runnerSkip(name: string): string | false {
  const folder = installedAt[name] ?? 'build/runners/node_modules';
  if (folder === '' || existsSync(join(root, folder, name))) return false;
  return `${name} is not installed: node scripts/setup.mjs runners`;
}

/** Lets the folder's user have a runner as if it had been installed there. */
export function linkRunner(name: string, folder: string): void {
  const from = installedAt[name] ?? 'build/runners/node_modules';
  if (from === '') return;
  const names = name === 'jest' ? ['jest', '@jest/globals'] : [name];
  for (const one of names) {
    const target = join(folder, 'node_modules', one);
    mkdirSync(dirname(target), { recursive: true });
    if (!existsSync(target)) symlinkSync(join(root, from, one), target);
  }
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  const command = join(folder, 'node_modules/.bin', name);
  if (!existsSync(command)) symlinkSync(join(root, from, '.bin', name), command);
}
