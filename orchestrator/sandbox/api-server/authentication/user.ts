// Users: who asks.

export interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Somebody who has not said who it is. */
export const anonymous: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

export const namedUser = (username: string): User => ({ username, groups: ['system:authenticated'] });

export const serviceAccountName = (namespace: string, name: string) => `system:serviceaccount:${namespace}:${name}`;
