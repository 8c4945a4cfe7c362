// Authentication: whose a bearer token is. Service accounts have tokens of this server; who else there is, its opener says.
import { randomUUID } from 'node:crypto';
import type { Registry } from '../registry.ts';
import type { Storage } from '../storage/storage.ts';
import type { SigningKey } from './signing-key.ts';
import { type Claims, isOurs, issuer, readToken, writeToken } from './token.ts';
import { anonymous, namedUser, serviceAccountName, type User } from './user.ts';

/** Who a bearer token belongs to; undefined for one that is unknown or over. */
export type Authenticate = (token: string) => string | undefined;

/** Those whom a token of unnamed audience speaks to. */
export const audiencesOfServer: readonly string[] = [issuer];

export interface Recognized {
  readonly user: User;
  /** Of the audiences that were asked for, those that the token is for. */
  readonly audiences: readonly string[];
}

export class Authentication {
  private readonly storage: Storage;
  private readonly registry: Registry;
  private readonly key: SigningKey;
  private readonly others: Authenticate | undefined;
  private readonly now: () => number;

  constructor(storage: Storage, registry: Registry, key: SigningKey, others: Authenticate | undefined, now: () => number) {
    this.storage = storage;
    this.registry = registry;
    this.key = key;
    this.others = others;
    this.now = now;
  }

  /** Undefined when it may not ask. Where nobody has to say who it is, a token that isn't ours says nothing. */
  async user(token: string | undefined): Promise<User | undefined> {
    if (token !== undefined && isOurs(token)) return (await this.recognize(token, audiencesOfServer))?.user;
    if (this.others === undefined) return anonymous;
    const name = token === undefined ? undefined : this.others(token);
    return name === undefined ? undefined : namedUser(name);
  }

  /** Whether somebody may do everything: all that are known, and everybody where nobody has to say. */
  allows(username: string): boolean {
    return this.others === undefined || (username !== '' && username !== anonymous.username);
  }

  async recognize(token: string, audiences: readonly string[]): Promise<Recognized | undefined> {
    const name = isOurs(token) ? undefined : this.others?.(token);
    if (name !== undefined) return { user: namedUser(name), audiences };
    const claims = readToken(token, this.key);
    const now = this.now() / 1000;
    if (claims === undefined || claims.exp <= now || claims.nbf > now + 10) return undefined;
    const shared = audiences.filter((audience) => claims.aud.includes(audience));
    if (shared.length === 0 || !(await this.stands(claims))) return undefined;
    return { user: userOf(claims), audiences: shared };
  }

  issue(claims: Pick<Claims, 'aud' | 'kubernetes.io'>, seconds: number): { token: string; expires: number } {
    const iat = Math.floor(this.now() / 1000);
    const { namespace, serviceaccount } = claims['kubernetes.io'];
    const times = { exp: iat + seconds, iat, nbf: iat };
    const sub = serviceAccountName(namespace, serviceaccount.name);
    return { token: writeToken({ ...claims, ...times, iss: issuer, jti: randomUUID(), sub }, this.key), expires: times.exp };
  }

  /** A token ends with its account, and with the object that it was bound to. */
  private async stands({ 'kubernetes.io': { namespace, serviceaccount, pod, secret } }: Claims): Promise<boolean> {
    const parts = [
      ['serviceaccounts', serviceaccount],
      ['pods', pod],
      ['secrets', secret],
    ] as const;
    for (const [plural, part] of parts) {
      if (part === undefined) continue;
      const stored = await this.storage.get(this.registry.own(plural), namespace, part.name);
      if (stored?.object.metadata.uid !== part.uid) return false;
    }
    return true;
  }
}

function userOf({ jti, 'kubernetes.io': { namespace, serviceaccount, pod, node } }: Claims): User {
  const extra: Record<string, string[]> = { 'authentication.kubernetes.io/credential-id': [`JTI=${jti}`] };
  if (pod !== undefined) {
    extra['authentication.kubernetes.io/pod-name'] = [pod.name];
    extra['authentication.kubernetes.io/pod-uid'] = [pod.uid];
  }
  if (node !== undefined) extra['authentication.kubernetes.io/node-name'] = [node.name];
  if (node?.uid !== undefined) extra['authentication.kubernetes.io/node-uid'] = [node.uid];
  return {
    username: serviceAccountName(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    extra,
  };
}
