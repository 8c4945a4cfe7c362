// Names that probes call somebody by.

import type { Outside, Pod } from './cluster.ts';

export function podName({ namespace, name }: Pick<Pod, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}

export function externalName({ name, ip }: Pick<Outside, 'name' | 'ip'>): string {
  return name ?? ip;
}
