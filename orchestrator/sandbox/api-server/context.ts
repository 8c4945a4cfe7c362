// Context: what every verb works with.
import type { Authentication } from './authentication/authentication.ts';
import type { Registry } from './registry.ts';
import type { ServiceNetwork, Surroundings } from './resource.ts';
import type { Feed } from './storage/feed.ts';
import type { Storage } from './storage/storage.ts';

export interface Limits {
  /** Watches at one time; one more is answered 429. */
  readonly watches: number;
  /** Bytes that may wait for one watcher to read them. */
  readonly watchBacklog: number;
  /** Milliseconds that a client may take to read anything at all of what waits for it. */
  readonly stall: number;
}

export interface Context {
  readonly storage: Storage;
  readonly registry: Registry;
  readonly feed: Feed;
  readonly authentication: Authentication;
  readonly serviceNetwork: ServiceNetwork;
  /** Addresses that load balancers get; of no family when they get none. */
  readonly loadBalancerNetwork: ServiceNetwork;
  /** PEM text that vouches for this server, told in every namespace; undefined when there is none to tell. */
  readonly rootCertificate: string | undefined;
  /** Where pods reach this server; undefined when they are not to. */
  readonly advertised: { readonly address: string; readonly port: number } | undefined;
  readonly limits: Limits;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly counts: { watches: number };
}

export const surroundings = ({ now, serviceNetwork, registry }: Context): Surroundings => ({
  now: now(),
  serviceNetwork,
  customResources: () => registry.customKinds(),
});
