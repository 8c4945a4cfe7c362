// CPUs that processes of a benchmark are put on.

import { readFileSync } from 'node:fs';

/** Two that this process may use, the second for the server; one twice where there is but one. */
export function cpus(): [client: number, server: number] {
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const all = list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
  return [all.at(-2) ?? all.at(-1) ?? 0, all.at(-1) ?? 0];
}
