// Identity book: every identity of a cluster by its number, told to the resolver as they come and go.

import { reservedIdentities } from '../model/identities.ts';
import type { Identity, NamedPort } from '../model/identity.ts';
import type { Labels } from '../model/labels.ts';
import type { Resolver } from '../model/policy/resolve/resolver.ts';

/** Numbers below are reserved ones. */
const firstNumber = 256;

export class IdentityBook {
  private readonly resolver: Resolver | undefined;
  private readonly byNumber = new Map<number, Identity>();
  private readonly byLabels = new Map<string, Identity>();
  private next = firstNumber;

  /** Without a resolver nobody is told. */
  constructor(resolver: Resolver | undefined) {
    this.resolver = resolver;
    for (const identity of reservedIdentities) this.put(identity);
  }

  /** The identity of a label set: the same one whenever it is asked for. The resolver does not know it before it is `put`. */
  ofLabels(labels: Labels): Identity {
    const known = this.byLabels.get(labels.text);
    if (known !== undefined) return known;
    const identity = { number: this.next++, labels };
    this.byLabels.set(labels.text, identity);
    return identity;
  }

  put(identity: Identity, ports?: readonly NamedPort[]): void {
    this.byNumber.set(identity.number, identity);
    this.resolver?.putIdentity(identity, ports);
  }

  remove({ number }: Identity): void {
    this.byNumber.delete(number);
    this.resolver?.removeIdentity(number);
  }

  /** Throws for a number that nobody has. */
  get(number: number): Identity {
    const identity = this.byNumber.get(number);
    if (identity === undefined) throw new Error(`identity book: nobody has the number ${number}`);
    return identity;
  }
}
