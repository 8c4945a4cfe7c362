// Port names of peers: which numbers the pods of some identities give to a name, counted, so that one pod more or less is one step.

import type { NamedPort } from '../../identity.ts';
import type { PortNumbers } from './clause.ts';

export class PortCounts {
  /** Identities by number of the port, by name and protocol. */
  private readonly counts = new Map<string, Map<number, number>>();

  add(ports: readonly NamedPort[]): void {
    for (const port of ports) this.count(port, 1);
  }

  remove(ports: readonly NamedPort[]): void {
    for (const port of ports) this.count(port, -1);
  }

  readonly numbers: PortNumbers = (name, protocol) => this.counts.get(`${protocol}/${name}`)?.keys() ?? [];

  private count({ name, protocol, port }: NamedPort, by: 1 | -1): void {
    const key = `${protocol}/${name}`;
    const numbers = this.counts.get(key) ?? new Map<number, number>();
    const count = (numbers.get(port) ?? 0) + by;
    if (count > 0) numbers.set(port, count);
    else numbers.delete(port);
    if (numbers.size > 0) this.counts.set(key, numbers);
    else this.counts.delete(key);
  }
}

/** Equal texts: the same names for the same ports, in whatever order they were declared. */
export function portsText(ports: readonly NamedPort[]): string {
  return [...new Set(ports.map(({ name, port, protocol }) => `${name}=${protocol}/${port}`))].sort().join(' ');
}
