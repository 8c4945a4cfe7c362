// The certificate authority of a cluster: its own certificate, and those that it issues to servers and clients of etcd and the API.

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { parseAddress } from '../../net/address.ts';
import { bits, der, integer, objectId, octets, sequence, set, text, time, yes } from './der.ts';

/** PEM texts. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

const ids = {
  ecdsaWithSha256: objectId('1.2.840.10045.4.3.2'),
  commonName: objectId('2.5.4.3'),
  basicConstraints: objectId('2.5.29.19'),
  keyUsage: objectId('2.5.29.15'),
  extendedKeyUsage: objectId('2.5.29.37'),
  alternativeNames: objectId('2.5.29.17'),
  subjectKey: objectId('2.5.29.14'),
  authorityKey: objectId('2.5.29.35'),
  server: objectId('1.3.6.1.5.5.7.3.1'),
  client: objectId('1.3.6.1.5.5.7.3.2'),
} as const;

const [minute, day] = [60_000, 86_400_000];
/** A sandbox lives for days, not for years; clocks differ by minutes. */
const lifetime = { before: 5 * minute, after: 365 * day };

export class Authority {
  readonly certificate: string;
  readonly #name: string;
  readonly #key: KeyObject;
  readonly #keyName: Buffer;
  readonly #now: number;

  constructor(name: string, now: number = Date.now()) {
    this.#name = name;
    this.#now = now;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    this.#keyName = keyName(publicKey);
    // The key may sign certificates and lists of revoked ones.
    const extensions = [extension(ids.basicConstraints, sequence(yes), true), extension(ids.keyUsage, bits(Buffer.of(0x06), 1), true)];
    this.certificate = this.#signed(name, publicKey, extensions);
  }

  /** For servers at these names and addresses, which may be clients too. */
  issue(name: string, hosts: readonly string[] = []): Issued {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const extensions = [
      extension(ids.keyUsage, bits(Buffer.of(0x80), 7), true),
      extension(ids.extendedKeyUsage, sequence(ids.server, ids.client)),
      ...(hosts.length === 0 ? [] : [extension(ids.alternativeNames, sequence(...hosts.map(alternativeName)))]),
    ];
    return {
      certificate: this.#signed(name, publicKey, extensions),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }

  #signed(name: string, key: KeyObject, extensions: readonly Buffer[]): string {
    const serial = randomBytes(16);
    // Never zero, never negative.
    serial[0] = (serial[0] & 0x7f) | 0x40;
    const content = sequence(
      der(0xa0, integer(Buffer.of(2))),
      integer(serial),
      sequence(ids.ecdsaWithSha256),
      distinguishedName(this.#name),
      sequence(time(new Date(this.#now - lifetime.before)), time(new Date(this.#now + lifetime.after))),
      distinguishedName(name),
      key.export({ type: 'spki', format: 'der' }),
      der(0xa3, sequence(...extensions, ...this.#keyNames(key))),
    );
    return pem(sequence(content, sequence(ids.ecdsaWithSha256), bits(sign('sha256', content, this.#key))));
  }

  /** Strict readers find the issuer by them. */
  #keyNames(key: KeyObject): Buffer[] {
    return [extension(ids.subjectKey, octets(keyName(key))), extension(ids.authorityKey, sequence(der(0x80, this.#keyName)))];
  }
}

function keyName(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

function distinguishedName(name: string): Buffer {
  return sequence(set(sequence(ids.commonName, text(name))));
}

function extension(id: Buffer, value: Buffer, critical = false): Buffer {
  return sequence(id, ...(critical ? [yes] : []), octets(value));
}

function alternativeName(host: string): Buffer {
  const isAddress = host.includes(':') || /^\d+(\.\d+){3}$/.test(host);
  return isAddress ? der(0x87, parseAddress(host)) : der(0x82, Buffer.from(host));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
