// Tokens of service accounts: signed sentences that say who, for whom, until when, and with which objects they end.
import { sign, verify } from 'node:crypto';
import { isRecord, type Json } from '../object.ts';
import type { SigningKey } from './signing-key.ts';

export const issuer = 'https://kubernetes.default.svc.cluster.local';

export interface Bound {
  readonly name: string;
  readonly uid: string;
}

/** Times are seconds since 1970. */
export interface Claims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly jti: string;
  readonly nbf: number;
  readonly sub: string;
  readonly 'kubernetes.io': {
    readonly namespace: string;
    readonly serviceaccount: Bound;
    readonly pod?: Bound;
    readonly node?: { readonly name: string; readonly uid?: string };
    readonly secret?: Bound;
  };
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function writeToken(claims: Claims, { secret, id }: SigningKey): string {
  const text = `${encoded({ alg: 'ES256', kid: id })}.${encoded(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key: secret, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** Whether a token says that it is one of ours; nothing is checked. */
export function isOurs(token: string): boolean {
  return claimsIn(token)?.iss === issuer;
}

/** Undefined when it was not signed with the key. */
export function readToken(token: string, { open }: SigningKey): Claims | undefined {
  const [head, body, signature, ...more] = token.split('.');
  if (signature === undefined || more.length > 0) return undefined;
  const signed = Buffer.from(signature, 'base64url');
  if (!verify('sha256', Buffer.from(`${head}.${body}`), { key: open, dsaEncoding: 'ieee-p1363' }, signed)) return undefined;
  return claimsIn(token) as Claims | undefined;
}

function claimsIn(token: string): Json | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return isRecord(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}
