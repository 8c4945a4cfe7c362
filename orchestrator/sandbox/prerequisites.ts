// What a sandbox needs of the host: programs that it starts.

import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../errors.ts';

/** Program and the package that brings it, on Debian. */
const programs = { etcd: 'etcd-server', ip: 'iproute2', unshare: 'util-linux', nsenter: 'util-linux', setpriv: 'util-linux' } as const;

/** Throws SANDBOX_FAILED with everything that is missing. */
export function requirePrograms(): void {
  const missing = Object.entries(programs).filter(([program]) => !isInstalled(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ');
  const names = missing.map(([program]) => program).join(', ');
  throw new AgentError('SANDBOX_FAILED', `sandbox: not found: ${names}: on Debian "apt install ${packages}" brings what is missing`);
}

export function isInstalled(program: string): boolean {
  return [...(process.env.PATH ?? '').split(':'), '/usr/sbin'].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
