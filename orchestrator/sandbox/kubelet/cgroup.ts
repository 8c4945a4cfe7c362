// Cgroups: a folder per pod below the node's, so that everything a pod ever started can be found and ended.

import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class Cgroup {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
  }

  /** Shell words that put the shell into it, before it becomes something else. */
  get enter(): string {
    // It is gone when an earlier start of the pod failed.
    mkdirSync(this.path, { recursive: true });
    return `echo $$ > '${this.path}/cgroup.procs'`;
  }

  kill(): void {
    // The folder is the kernel's: gone when somebody else removed it.
    if (existsSync(join(this.path, 'cgroup.kill'))) writeFileSync(join(this.path, 'cgroup.kill'), '1');
  }

  /** Ends all processes in it and removes it. */
  async remove(): Promise<void> {
    for (let attempt = 0; attempt < 100 && existsSync(this.path); attempt += 1) {
      try {
        this.kill();
        for (const entry of readdirSync(this.path, { withFileTypes: true }))
          if (entry.isDirectory()) rmdirSync(join(this.path, entry.name));
        rmdirSync(this.path);
        return;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT') return;
        // Where no cgroup may be made it is a folder like any other.
        if (code === 'ENOTEMPTY') return rmSync(this.path, { recursive: true, force: true });
        // Its processes have not ended yet.
        if (code !== 'EBUSY') throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}
