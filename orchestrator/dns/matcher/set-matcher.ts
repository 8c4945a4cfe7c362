// Set matcher: the DNS rules of one policy set, made ready to be asked: may this name be asked for there, and what does it grant. A name
// that comes again costs one look into a table; who has its hash (`nameHash`) gives it, too.

import { nameHash } from '../name-table.ts';
import type { DnsAllowed, DnsSet } from '../rules.ts';
import { NameIndex } from './name-index.ts';
import { RecentNames } from './recent-names.ts';

/** What the addresses of a name are granted under. */
export interface NameGrant {
  /** Of the selector. */
  readonly identity: number;
  /** Seconds. */
  readonly minTtl: number;
  readonly grace: number;
  /** Position in the CNAME chain of the name that the selector matches, 0 the question's: addresses from there on are meant. */
  readonly depth: number;
}

export interface MatcherLimits {
  /** Names remembered for each kind of server, and for grants. */
  readonly names?: number;
}

type Decision = { readonly row: DnsAllowed | undefined };
interface Decisions {
  readonly index: NameIndex<DnsAllowed>;
  readonly recent: RecentNames<Decision>;
}

const refused: Decision = { row: undefined };
const nothing: readonly NameGrant[] = [];
/** Servers that are remembered: a pod may ask many that one rule speaks of. */
const mostServers = 4096;
const mostKinds = 64;

export class SetMatcher {
  readonly #allowed: readonly DnsAllowed[];
  readonly #most: number;
  /** By identity, then by protocol and port. */
  #servers = new Map<number, Map<number, Decisions>>();
  #serverCount = 0;
  /** By the rows that speak of the server: such servers share what is remembered. */
  #kinds = new Map<string, Decisions>();
  #last: { readonly identity: number; readonly traffic: number; readonly decisions: Decisions } | undefined;
  readonly #grants = new NameIndex<NameGrant>();
  /** Rows that speak of each name of a chain. */
  readonly #eachGrants = new NameIndex<NameGrant>();
  readonly #granted: RecentNames<readonly NameGrant[]>;
  readonly #looksAtAliases: boolean;

  constructor({ allowed, granted }: DnsSet, { names = 8192 }: MatcherLimits = {}) {
    this.#allowed = allowed;
    this.#most = names;
    this.#granted = new RecentNames(names);
    for (const { name, identity, minTtl, grace, each } of granted) {
      const grant: NameGrant = { identity, minTtl, grace, depth: 0 };
      this.#grants.add([name], grant);
      if (each) this.#eachGrants.add([name], grant);
    }
    this.#looksAtAliases = granted.some(({ each }) => each);
  }

  /** The first row that allows to ask a server of this identity for a name, at a port in host order; undefined: it is refused. */
  allowed(identity: number, protocol: number, port: number, name: string, hash = nameHash(name)): DnsAllowed | undefined {
    const { index, recent } = this.#decisions(identity, protocol * 65536 + port);
    const known = recent.get(name, hash);
    if (known !== undefined) return known.row;
    const row = index.first(name);
    recent.set(name, row === undefined ? refused : { row }, hash);
    return row;
  }

  /** What a name is granted under. */
  granted(name: string, hash = nameHash(name)): readonly NameGrant[] {
    const known = this.#granted.get(name, hash);
    if (known !== undefined) return known;
    const found = this.#grants.all(name);
    const grants = found.length === 0 ? nothing : found;
    this.#granted.set(name, grants, hash);
    return grants;
  }

  /** The same with the names that it stands for, in the order of the chain. */
  grantedChain(name: string, aliases: readonly string[], hash = nameHash(name)): readonly NameGrant[] {
    const own = this.granted(name, hash);
    if (!this.#looksAtAliases || aliases.length === 0) return own;
    const more = aliases.flatMap((alias, index) => this.#eachGrants.all(alias).map((grant) => ({ ...grant, depth: index + 1 })));
    return more.length === 0 ? own : [...own, ...more];
  }

  /** Whether names of chains matter, and are worth to be noted. */
  get looksAtAliases(): boolean {
    return this.#looksAtAliases;
  }

  #decisions(identity: number, traffic: number): Decisions {
    if (this.#last?.identity === identity && this.#last.traffic === traffic) return this.#last.decisions;
    let servers = this.#servers.get(identity);
    let decisions = servers?.get(traffic);
    if (decisions === undefined) {
      if (this.#serverCount >= mostServers) {
        this.#servers = new Map();
        this.#serverCount = 0;
        servers = undefined;
      }
      if (servers === undefined) {
        servers = new Map();
        this.#servers.set(identity, servers);
      }
      decisions = this.#kindOf(identity, traffic);
      servers.set(traffic, decisions);
      this.#serverCount += 1;
    }
    this.#last = { identity, traffic, decisions };
    return decisions;
  }

  #kindOf(identity: number, traffic: number): Decisions {
    const rows = [...this.#allowed.keys()].filter((index) => speaksOf(this.#allowed[index], identity, traffic));
    const text = rows.join(' ');
    const known = this.#kinds.get(text);
    if (known !== undefined) return known;
    const decisions: Decisions = { index: new NameIndex(), recent: new RecentNames(this.#most) };
    for (const row of rows) decisions.index.add(this.#allowed[row].names, this.#allowed[row]);
    if (this.#kinds.size >= mostKinds) {
      this.#kinds = new Map();
      this.#servers = new Map();
      this.#serverCount = 0;
    }
    this.#kinds.set(text, decisions);
    return decisions;
  }
}

function speaksOf({ identity, protocol, port, portBits }: DnsAllowed, server: number, traffic: number): boolean {
  if (identity !== 0 && identity !== server) return false;
  return protocol === traffic >>> 16 && ((port ^ traffic) & 0xffff) >>> (16 - portBits) === 0;
}
