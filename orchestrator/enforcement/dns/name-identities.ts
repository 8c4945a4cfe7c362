// Name identities: a number for every selector of DNS names that a policy in force for pods of this node has as a peer. Addresses are granted
// to pods under these numbers, and policy sets have entries for them.

import type { Identity } from '../../model/identity.ts';
import type { LocalIdentities, LocalMeaning } from '../../model/local-identities.ts';
import type { NameSelector } from '../../model/policy/rule.ts';
import type { Policies } from '../policies.ts';
import type { Selection } from '../selection.ts';

export interface NameIdentitiesOptions {
  readonly locals: LocalIdentities;
  readonly policies: Policies;
  readonly selection: Selection;
}

const owner = 'names of policies';

export class NameIdentities {
  private readonly options: NameIdentitiesOptions;
  /** Of policies that speak of pods here. */
  private readonly byPolicy = new Map<string, readonly NameSelector[]>();
  private readonly byNumber = new Map<number, NameSelector>();

  constructor(options: NameIdentitiesOptions) {
    this.options = options;
  }

  selector(number: number): NameSelector | undefined {
    return this.byNumber.get(number);
  }

  /** Looks at the policies that changed, or that speak of other pods than they did. */
  settle(): { readonly added: readonly Identity[]; readonly gone: readonly Identity[] } {
    const { selection, locals } = this.options;
    let isChanged = false;
    for (const name of selection.touched) if (this.look(name)) isChanged = true;
    if (!isChanged) return { added: [], gone: [] };
    const wanted = new Map([...this.byPolicy.values()].flat().map((selector) => [selector.text, selector]));
    const { added, removed: gone } = locals.sync(owner, [...wanted.values()].map(meaningOf));
    for (const { number } of gone) this.byNumber.delete(number);
    for (const selector of wanted.values()) this.byNumber.set((locals.find(meaningOf(selector)) as Identity).number, selector);
    return { added, gone };
  }

  private look(policy: string): boolean {
    const { policies, selection } = this.options;
    const names = policies.byName.get(policy)?.names ?? [];
    const before = this.byPolicy.get(policy);
    if (names.length === 0 || selection.endpointsOf(policy).length === 0) return this.byPolicy.delete(policy);
    if (before === names) return false;
    this.byPolicy.set(policy, names);
    return true;
  }
}

function meaningOf({ text }: NameSelector): LocalMeaning {
  return { kind: 'names', names: [text] };
}
