// Plain configurations: a kubeconfig with nothing but certificates and tokens, or the service account of a pod. They are most of those
// there are, and the library that knows all others takes half a second and some 80 MB.

import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { isIPv6 } from 'node:net';
import { dirname, resolve } from 'node:path';
import { readManifests } from '../../manifests/read.ts';

export interface PlainConfig {
  readonly server: string;
  /** Files are read for every request, because they may be exchanged. Throws the file system's error. */
  options(): RequestOptions;
  /** Its content is the reader's to add. */
  readonly tokenFile: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const clusterFields = ['server', 'certificate-authority', 'certificate-authority-data', 'insecure-skip-tls-verify', 'tls-server-name'];
const userFields = ['token', 'tokenFile', 'client-certificate', 'client-certificate-data', 'client-key', 'client-key-data'];

/** Undefined when the file says anything else, or can't be read: the library knows more, and what to say. */
export function readPlainConfig(path: string, context: string | undefined): PlainConfig | undefined {
  const config = documentOf(path);
  const chosen = fieldsOf(find(config?.contexts, context ?? config?.['current-context']), 'context');
  const cluster = fieldsOf(find(config?.clusters, chosen?.cluster), 'cluster');
  const user = fieldsOf(find(config?.users, chosen?.user), 'user');
  if (!isPlain(cluster, clusterFields) || !isPlain(user, userFields) || !URL.canParse(`${cluster.server}`)) return undefined;
  const folder = dirname(path);
  return {
    server: `${cluster.server}`,
    tokenFile: typeof user.tokenFile === 'string' ? resolve(folder, user.tokenFile) : undefined,
    options: () => ({
      ca: bytesOf(cluster, 'certificate-authority', folder),
      cert: bytesOf(user, 'client-certificate', folder),
      key: bytesOf(user, 'client-key', folder),
      ...(cluster['insecure-skip-tls-verify'] === true && { rejectUnauthorized: false }),
      ...(typeof cluster['tls-server-name'] === 'string' && { servername: cluster['tls-server-name'] }),
      ...(typeof user.token === 'string' && { headers: { Authorization: `Bearer ${user.token}` } }),
    }),
  };
}

/** The service account of a pod, whose files are below the folder. Undefined without the variables that every container has. */
export function podConfig(folder: string): PlainConfig | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (host === undefined || port === undefined) return undefined;
  const account = `${folder}/var/run/secrets/kubernetes.io/serviceaccount`;
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    tokenFile: `${account}/token`,
    options: () => ({ ca: readFileSync(`${account}/ca.crt`) }),
  };
}

function documentOf(path: string): Fields | undefined {
  try {
    const [document, ...others] = readManifests(readFileSync(path, 'utf8'), { file: path });
    return others.length === 0 && isFields(document?.object) ? document.object : undefined;
  } catch {
    return undefined;
  }
}

function find(list: unknown, name: unknown): unknown {
  return Array.isArray(list) ? list.find((entry) => entry?.name === name) : undefined;
}

function fieldsOf(value: unknown, name: string): Fields | undefined {
  const inner = isFields(value) ? value[name] : undefined;
  return isFields(inner) ? inner : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlain(fields: Fields | undefined, known: readonly string[]): fields is Fields {
  return (
    fields !== undefined &&
    Object.entries(fields).every(([name, value]) => known.includes(name) && ['string', 'boolean'].includes(typeof value))
  );
}

function bytesOf(fields: Fields, name: string, folder: string): Buffer | undefined {
  const [file, data] = [fields[name], fields[`${name}-data`]];
  if (typeof data === 'string') return Buffer.from(data, 'base64');
  return typeof file === 'string' ? readFileSync(resolve(folder, file)) : undefined;
}
