// The key that service accounts' tokens are signed with: kept in the store, so that tokens outlive the server.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { KvStore } from '../../../state/kv-store.ts';

export interface SigningKey {
  readonly secret: KeyObject;
  readonly open: KeyObject;
  readonly id: string;
}

/** The one that is there, or a new one: whoever comes first. */
export async function signingKey(store: KvStore, root: string): Promise<SigningKey> {
  const key = `${root}tokens/key`;
  const there = await store.get(key);
  if (there !== undefined) return keyOf(Buffer.from(there.value).toString());
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const text = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const when = [{ key, absent: true as const }];
  const { succeeded, found } = await store.transact({ when, then: [{ put: key, value: Buffer.from(text) }], otherwise: [{ get: key }] });
  const other = found[0];
  return keyOf(succeeded || other === undefined ? text : Buffer.from(other.value).toString());
}

function keyOf(text: string): SigningKey {
  const secret = createPrivateKey(text);
  const open = createPublicKey(secret);
  const id = createHash('sha256')
    .update(open.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  return { secret, open, id };
}
