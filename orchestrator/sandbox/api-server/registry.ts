// Registry: the resources that are served now. Definitions of custom resources come and go; the rest is there from the start.
import type { Resource } from './resource.ts';

export class Registry {
  private readonly byPath = new Map<string, Resource>();
  private readonly builtin: readonly Resource[];
  private custom: readonly Resource[] = [];

  constructor(builtin: readonly Resource[]) {
    this.builtin = builtin;
    this.index();
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    return this.byPath.get(`${group}/${version}/${plural}`);
  }

  /** A built-in resource that the server itself needs. */
  own(plural: string): Resource {
    const found = this.builtin.find((resource) => resource.plural === plural);
    if (found === undefined) throw new Error(`${plural}: no resource of that name is built in`);
    return found;
  }

  setCustom(resources: readonly Resource[]): void {
    this.custom = resources;
    this.index();
  }

  all(): readonly Resource[] {
    return [...this.builtin, ...this.custom];
  }

  /** Those of which objects are kept. */
  kept(): readonly Resource[] {
    return this.all().filter(({ answer }) => answer === undefined);
  }

  customKinds(): readonly Resource[] {
    return this.custom;
  }

  serves(group: string, version?: string): boolean {
    return this.all().some((resource) => resource.group === group && (version === undefined || resource.version === version));
  }

  private index(): void {
    this.byPath.clear();
    for (const resource of this.all()) this.byPath.set(`${resource.group}/${resource.version}/${resource.plural}`, resource);
  }
}
