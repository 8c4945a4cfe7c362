// Credentials: which server, and what each request to it carries. Files are read again when they may have changed, so that tokens and
// certificates can be exchanged under a running agent.

import { createHash } from 'node:crypto';
import { accessSync, readFileSync } from 'node:fs';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { KubeConfig, User } from '@kubernetes/client-node';
import { Agent as HttpAgent } from '../../http.ts';
import { readManifests } from '../../manifests/read.ts';
import { KubeError } from './failure.ts';
import { type OidcConfig, OidcLogin } from './oidc-login.ts';
import { type PlainConfig, podConfig, readPlainConfig } from './plain-config.ts';

export interface Credentials {
  /** Like https://10.0.0.1:6443 */
  readonly server: URL;
  /** What to send now; the agent is the same for as long as certificates are. */
  options(): Promise<RequestOptions>;
  /** The server does not know us any more: what was remembered (of a command, of a login) is asked for again. */
  renew(): Promise<void>;
  close(): void;
}

export interface CredentialsSource {
  /** Path of a kubeconfig. Without it: $KUBECONFIG, the user's own, or the service account of the pod. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** The service account of the pod, whose files are below this folder: '' in a pod. */
  readonly serviceAccount?: string;
}

const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount/token';

export async function openCredentials(source: CredentialsSource = {}): Promise<Credentials> {
  const logins: Logins = new Map();
  let loaded = await load(source, logins);
  let loadedAt = performance.now();
  const agents = new Agents();
  const server = new URL(loaded.server);
  return {
    server,
    async options() {
      const { tokenFile } = loaded;
      let options: RequestOptions;
      try {
        options = await loaded.options();
        if (tokenFile !== undefined) options.headers = { ...options.headers, Authorization: `Bearer ${readToken(tokenFile)}` };
      } catch (error) {
        if (error instanceof KubeError) throw error;
        throw new KubeError('KUBE_CONFIG_INVALID', `kubernetes credentials: ${server.host}: ${(error as Error).message}`, { cause: error });
      }
      return agents.use(options, server.protocol === 'https:', loaded.isProxied);
    },
    async renew() {
      // Several requests are refused at once, and one answer of the command is for all of them.
      if (loaded.hasCommand && performance.now() - loadedAt < answerNewMs) return;
      loadedAt = performance.now();
      for (const login of logins.values()) login.forget();
      loaded = await load(source, logins);
    },
    close: () => agents.close(),
  };
}

/** Commands that know when their answer runs out are asked again by then; of others a refusal tells. */
const answerKeptMs = 60_000;
const answerNewMs = 1_000;

/** A command is asked once for all who want to know, and its answer kept for a while: the library asks it for every request. */
function rememberAnswer(ask: () => Promise<RequestOptions>): () => Promise<RequestOptions> {
  let answer: { readonly options: Promise<RequestOptions>; readonly at: number } | undefined;
  return async () => {
    if (answer === undefined || performance.now() - answer.at >= answerKeptMs) {
      const asked = { options: ask(), at: performance.now() };
      answer = asked;
      asked.options.catch(() => {
        if (answer === asked) answer = undefined;
      });
    }
    return { ...(await answer.options) };
  };
}

interface Loaded {
  readonly server: string;
  readonly isProxied: boolean;
  options(): RequestOptions | Promise<RequestOptions>;
  /** Read for every request: the library keeps a token for a minute, or for ever. */
  readonly tokenFile: string | undefined;
  /** Who we are, a program says. */
  readonly hasCommand?: boolean;
}

/** By what the kubeconfig says of each: one that was written anew begins anew. */
type Logins = Map<string, OidcLogin>;

async function load(source: CredentialsSource, logins: Logins): Promise<Loaded> {
  const paths = source.kubeconfig === undefined ? defaultPaths() : [source.kubeconfig];
  const inCluster = source.serviceAccount ?? (paths.length === 0 && isThere(tokenPath) ? '' : undefined);
  let plain: PlainConfig | undefined;
  if (inCluster !== undefined) plain = podConfig(inCluster);
  else if (paths.length === 1) plain = readPlainConfig(paths[0], source.context);
  return plain === undefined ? loadWithLibrary({ source, paths, inCluster, logins }) : { ...plain, isProxied: false };
}

interface LibraryOptions {
  readonly source: CredentialsSource;
  readonly paths: readonly string[];
  readonly inCluster: string | undefined;
  readonly logins: Logins;
}

/** Commands and logins, several files that are merged, proxies; and the words for what can't be used. */
async function loadWithLibrary({ source, paths, inCluster, logins }: LibraryOptions): Promise<Loaded> {
  // Imported when it is needed: it is large.
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  const subject = inCluster === undefined ? `kubeconfig ${paths.join(delimiter)}` : 'service account';
  if (inCluster === undefined && paths.length === 0)
    throw new KubeError('KUBE_CONFIG_INVALID', 'kubernetes credentials: there is neither a kubeconfig nor a service account');
  try {
    if (inCluster !== undefined) config.loadFromCluster(inCluster);
    else if (source.kubeconfig !== undefined) config.loadFromFile(source.kubeconfig);
    else config.loadFromDefault();
    if (source.context !== undefined) choose(config, source.context, subject);
  } catch (error) {
    if (error instanceof KubeError) throw error;
    throw new KubeError('KUBE_CONFIG_INVALID', `${subject}: ${(error as Error).message}`, { cause: error });
  }
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (cluster === null || !URL.canParse(cluster.server)) {
    const what = cluster === null ? `no cluster in the context: "${config.getCurrentContext()}"` : `not a url: "${cluster.server}"`;
    throw new KubeError('KUBE_CONFIG_INVALID', `${subject}: ${what}`);
  }
  const tokenFile = user?.authProvider?.config?.tokenFile ?? (inCluster === undefined ? tokenFileOf(paths, user?.name) : undefined);
  // There is nothing to verify without TLS, and the library wants that said.
  if (cluster.server.startsWith('http:')) config.loadFromClusterAndUser({ ...cluster, skipTLSVerify: true }, user ?? { name: 'nobody' });
  if (user?.authProvider?.name === 'oidc')
    return { ...loginOf(config, user, logins), server: cluster.server, isProxied: cluster.proxyUrl !== undefined };
  const hasCommand = user?.exec !== undefined && user.exec !== null;
  const options = hasCommand ? rememberAnswer(() => optionsOf(config)) : () => optionsOf(config);
  return { server: cluster.server, isProxied: cluster.proxyUrl !== undefined, tokenFile, hasCommand, options };
}

function loginOf(config: KubeConfig, user: User, logins: Logins): Pick<Loaded, 'options' | 'tokenFile'> {
  const said = (user.authProvider.config ?? {}) as OidcConfig;
  const id = JSON.stringify(said);
  const login = logins.get(id) ?? new OidcLogin(said);
  logins.clear();
  logins.set(id, login);
  // All but the login is the library's business.
  const { authProvider: _, ...rest } = user;
  config.users = config.users.map((one) => (one.name === user.name ? rest : one));
  return {
    tokenFile: undefined,
    async options() {
      const options = await optionsOf(config);
      return { ...options, headers: { ...options.headers, Authorization: `Bearer ${await login.token()}` } };
    },
  };
}

async function optionsOf(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
  return options;
}

function choose(config: KubeConfig, context: string, subject: string): void {
  if (config.getContextObject(context) === null) throw new KubeError('KUBE_CONFIG_INVALID', `${subject}: no such context: "${context}"`);
  config.setCurrentContext(context);
}

function defaultPaths(): string[] {
  const named = process.env.KUBECONFIG?.split(delimiter).filter((path) => path !== '');
  return named !== undefined && named.length > 0 ? named : [join(homedir(), '.kube', 'config')].filter(isThere);
}

/** `tokenFile` of a user, which the library does not know. */
function tokenFileOf(paths: readonly string[], user: string | undefined): string | undefined {
  for (const path of paths.filter(isThere)) {
    const config = readManifests(readFileSync(path, 'utf8'), { file: path })[0]?.object as { users?: unknown } | undefined;
    const users = Array.isArray(config?.users) ? config.users : [];
    const tokenFile = users.find((entry) => entry?.name === user)?.user?.tokenFile;
    if (typeof tokenFile === 'string') return tokenFile;
  }
  return undefined;
}

function readToken(path: string): string {
  const token = readFileSync(path, 'utf8').trim();
  if (token === '') throw new KubeError('KUBE_CONFIG_INVALID', `kubernetes credentials: ${path}: the token file is empty`);
  return token;
}

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

/** One agent for one set of certificates: connections are kept, and end when the certificates were exchanged. */
class Agents {
  #agent: HttpAgent | undefined;
  #mark = '';

  use(options: RequestOptions, isTls: boolean, isProxied: boolean): RequestOptions {
    const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
    const tls = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
    const mark = createHash('sha256').update(JSON.stringify(tls)).digest('hex');
    if (this.#agent === undefined || mark !== this.#mark) {
      const old = this.#agent;
      const kept = { keepAlive: true, keepAliveMsecs: 15_000 };
      if (isProxied) this.#agent = options.agent as HttpAgent;
      else this.#agent = isTls ? new HttpsAgent({ ...kept, ...tls }) : new HttpAgent(kept);
      this.#mark = mark;
      // What runs over the old one may end by itself.
      for (const sockets of Object.values(old?.freeSockets ?? {})) for (const socket of sockets ?? []) socket.destroy();
    }
    return { ...options, agent: this.#agent };
  }

  close(): void {
    this.#agent?.destroy();
  }
}
