// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Source tree: a throw-away copy of what both machines are built from, in which a harness can be added and bugs can be planted.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const copied = [
  'kernel/datapath.bpf.c',
  'kernel/lib',
  'kernel/generated',
  'datapath-as',
  'asconfig.json',
  'package.json',
  'scripts/build-kernel.ts',
  'scripts/build-wasm.ts',
];

export class SourceTree implements Disposable {
  readonly root: string;
  #builds = 0;

  constructor() {
    this.root = mkdtempSync(join(tmpdir(), 'verify-'));
    for (const path of copied) cpSync(join(checkout, path), join(this.root, path), { recursive: true });
    symlinkSync(join(checkout, 'node_modules'), join(this.root, 'node_modules'));
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.root, path), text);
  }

  /** Runs the action with a file edited, and puts the file back. */
  async withEdit<T>(path: string, edit: (text: string) => string, action: () => Promise<T>): Promise<T> {
    const place = join(this.root, path);
    const before = readFileSync(place, 'utf8');
    writeFileSync(place, edit(before));
    try {
      return await action();
    } finally {
      writeFileSync(place, before);
    }
  }

  /** Compiles kernel sources as the build does; the path of the object. Throws with the compiler's words. */
  buildKernel(source = 'kernel/datapath.bpf.c'): string {
    return this.#build('scripts/build-kernel.ts', `object${this.#builds++}.o`, source);
  }

  buildWasm(): string {
    return this.#build('scripts/build-wasm.ts', `module${this.#builds++}.wasm`);
  }

  #build(script: string, name: string, ...rest: string[]): string {
    const output = join(this.root, name);
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, output, ...rest], { cwd: this.root, encoding: 'utf8' });
    if (status !== 0) throw new Error(`verify: ${script} ${rest.join(' ')}: ${stdout}${stderr}`);
    return output;
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
