// Certificates: the files that prove who we are and whom we trust, read again when they change. Files that do not fit together
// (half of a rotation) change nothing.
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AgentError } from '../errors.ts';

export interface CertificateFiles {
  /** Whom to trust. */
  readonly ca: string;
  /** Who we are, when the store asks for it: both or neither. */
  readonly certificate?: string;
  readonly key?: string;
}

export interface Certificates {
  readonly rootCertificate: Buffer;
  readonly privateKey?: Buffer;
  readonly certChain?: Buffer;
}

const checkEveryMs = 5_000;

/** Throws KV_REFUSED when a file is missing or they do not belong together. */
export async function readCertificates(files: CertificateFiles): Promise<Certificates> {
  try {
    const rootCertificate = await readFile(files.ca);
    new X509Certificate(rootCertificate);
    if (files.certificate === undefined || files.key === undefined) return { rootCertificate };
    const [certChain, privateKey] = await Promise.all([readFile(files.certificate), readFile(files.key)]);
    if (!new X509Certificate(certChain).checkPrivateKey(createPrivateKey(privateKey))) {
      throw new Error(`${files.key} is not the key of ${files.certificate}`);
    }
    return { rootCertificate, privateKey, certChain };
  } catch (error) {
    throw new AgentError('KV_REFUSED', `etcd: certificates: ${(error as Error).message}`, { cause: error });
  }
}

/** Looks by content: mounted secrets are exchanged through links, and watching files misses that on some file systems. */
export function watchCertificates(
  files: CertificateFiles,
  first: Certificates,
  changed: (certificates: Certificates) => void,
  everyMs = checkEveryMs,
): { close(): void } {
  let now = fingerprint(first);
  const timer = setInterval(async () => {
    const read = await readCertificates(files).catch(() => undefined);
    if (read === undefined || fingerprint(read) === now) return;
    now = fingerprint(read);
    changed(read);
  }, everyMs);
  timer.unref();
  return { close: () => clearInterval(timer) };
}

function fingerprint({ rootCertificate, privateKey, certChain }: Certificates): string {
  const hash = createHash('sha256');
  for (const part of [rootCertificate, privateKey, certChain]) hash.update(`${part?.length ?? 0}:`).update(part ?? '');
  return hash.digest('hex');
}
