// Groups of the system by name: who may read is a group of the operator's, not of this program's making.

import { readFileSync } from 'node:fs';

/** Number of a group in a file like /etc/group; undefined when there is none of that name, or no file. */
export function groupNumber(name: string, file = '/etc/group'): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  for (const line of text.split('\n')) {
    const [group, , number = ''] = line.split(':');
    if (group === name && /^\d+$/.test(number)) return Number(number);
  }
  return undefined;
}
