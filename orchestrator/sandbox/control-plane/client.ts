// A client of a sandbox's Kubernetes API: JSON in and out, and lines of a watch. It knows nothing of what it asks for.

import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';
import { AgentError } from '../../errors.ts';

/** An object as the API tells it. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [field: string]: unknown;
  };
  // biome-ignore lint/suspicious/noExplicitAny: whoever asks knows what it asked for
  [field: string]: any;
}

export interface KubeClientOptions {
  readonly server: string;
  /** PEM texts. */
  readonly ca: string;
  readonly token: string;
  readonly timeoutMs?: number;
}

export interface KubeEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject;
}

/** What the API answered other than well; `status` is the HTTP status. */
export class KubeAnswer extends AgentError {
  readonly status: number;

  constructor(status: number, message: string) {
    super('SANDBOX_FAILED', message);
    this.status = status;
  }
}

export type PatchKind = 'merge' | 'strategic' | 'json';

const patchTypes = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
} as const;

/** How often a request is sent again that the server could not answer, as the clients of Kubernetes do (client-go, `maxRetries`). */
const mostRetries = 10;

export class KubeClient {
  readonly server: string;
  readonly #options: KubeClientOptions;
  readonly #agent: Agent;
  readonly #kinds = new Map<string, Promise<Map<string, { plural: string; namespaced: boolean }>>>();

  constructor(options: KubeClientOptions) {
    this.server = options.server;
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, ca: options.ca, maxSockets: 32 });
  }

  close(): void {
    this.#agent.destroy();
  }

  /**
   * Throws KubeAnswer, or the error of the connection. A server that asks for patience is asked again: what it did the first time is not
   * known then, and a creation may be answered with 409 for an object of its own.
   */
  async json(method: string, path: string, body?: unknown, type = 'application/json'): Promise<KubeObject> {
    let { status, text, waitMs } = await this.#send(method, path, body, type);
    for (let retries = 0; waitMs !== undefined && retries < mostRetries; retries += 1) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      ({ status, text, waitMs } = await this.#send(method, path, body, type));
    }
    const answer = text === '' ? undefined : parse(text);
    if (status >= 200 && status < 300) return answer as KubeObject;
    throw new KubeAnswer(
      status,
      `kubernetes api: ${method} ${path.split('?')[0]}: ${answer?.message ?? `${status} ${text.slice(0, 200)}`}`,
    );
  }

  get(path: string): Promise<KubeObject> {
    return this.json('GET', path);
  }

  /** Undefined when it is not there. */
  async find(path: string): Promise<KubeObject | undefined> {
    return this.get(path).catch(unless(404));
  }

  async list(path: string): Promise<KubeObject[]> {
    return (await this.get(path)).items;
  }

  create(path: string, object: unknown): Promise<KubeObject> {
    return this.json('POST', path, object);
  }

  replace(path: string, object: unknown): Promise<KubeObject> {
    return this.json('PUT', path, object);
  }

  patch(path: string, patch: unknown, kind: PatchKind = 'merge'): Promise<KubeObject> {
    return this.json('PATCH', path, patch, patchTypes[kind]);
  }

  /** What is not there is no error. */
  async delete(path: string, options: { readonly gracePeriodSeconds?: number } = {}): Promise<void> {
    await this.json('DELETE', path, { kind: 'DeleteOptions', apiVersion: 'v1', ...options }).catch(unless(404));
  }

  /** Events from now on, or from a revision; ends with the connection, and without an error when the signal says so. */
  async *watch(path: string, { signal, revision }: { signal?: AbortSignal; revision?: string } = {}): AsyncGenerator<KubeEvent> {
    const query = `${path.includes('?') ? '&' : '?'}watch=true${revision === undefined ? '' : `&resourceVersion=${revision}`}`;
    const response = await this.#open('GET', path + query, undefined, { signal, patient: true });
    if (response.statusCode !== 200)
      throw new KubeAnswer(response.statusCode ?? 0, `kubernetes api: watch of ${path}: ${response.statusCode}`);
    try {
      for await (const line of createInterface({ input: response })) yield JSON.parse(line);
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      response.destroy();
    }
  }

  /** The path of an object, or without its name that of its kind; a namespace that is left out is `default`. */
  async pathOf(object: Partial<KubeObject>, { withName = true } = {}): Promise<string> {
    const { apiVersion = '', kind = '', metadata } = object;
    const found = (await this.#kind(apiVersion, kind)) ?? (await this.#kind(apiVersion, kind, true));
    if (found === undefined) throw new KubeAnswer(404, `kubernetes api: no kind ${kind} in ${apiVersion}`);
    const namespace = found.namespaced ? `/namespaces/${metadata?.namespace ?? 'default'}` : '';
    return `${root(apiVersion)}${namespace}/${found.plural}${withName ? `/${metadata?.name}` : ''}`;
  }

  async #kind(apiVersion: string, kind: string, again = false) {
    if (again || !this.#kinds.has(apiVersion)) this.#kinds.set(apiVersion, this.#kindsOf(apiVersion));
    return (await this.#kinds.get(apiVersion))?.get(kind);
  }

  async #kindsOf(apiVersion: string) {
    const found = await this.find(root(apiVersion));
    const resources: { name: string; kind: string; namespaced: boolean }[] = found?.resources ?? [];
    const whole = resources.filter(({ name }) => !name.includes('/'));
    return new Map(whole.map(({ name, kind, namespaced }) => [kind, { plural: name, namespaced }]));
  }

  /** `waitMs` is there when the server wants to be asked again. */
  async #send(method: string, path: string, body: unknown, type: string): Promise<{ status: number; text: string; waitMs?: number }> {
    const response = await this.#open(method, path, body, { type });
    response.setEncoding('utf8');
    let text = '';
    for await (const chunk of response) text += chunk;
    const status = response.statusCode ?? 0;
    const seconds = Number(response.headers['retry-after'] ?? Number.NaN);
    const isBusy = (status === 429 || status >= 500) && seconds >= 0;
    return { status, text, ...(isBusy && { waitMs: seconds * 1000 }) };
  }

  #open(
    method: string,
    path: string,
    body: unknown,
    { type, signal, patient }: { type?: string; signal?: AbortSignal; patient?: boolean },
  ): Promise<import('node:http').IncomingMessage> {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const length = payload === undefined ? {} : { 'content-type': type, 'content-length': payload.length };
    const headers = { authorization: `Bearer ${this.#options.token}`, accept: 'application/json', ...length };
    return new Promise((resolve, reject) => {
      const sending = request(this.server + path, { method, headers, agent: this.#agent, signal }, resolve);
      if (!patient) sending.setTimeout(this.#options.timeoutMs ?? 20_000, () => sending.destroy(new Error('no answer in time')));
      sending.on('error', (error) =>
        reject(new AgentError('SANDBOX_FAILED', `kubernetes api: ${method} ${path}: ${error.message}`, { cause: error })),
      );
      sending.end(payload);
    });
  }
}

function root(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function parse(text: string): KubeObject | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** For `catch`: an answer of this status is `undefined`. */
export function unless(status: number) {
  return (error: unknown): undefined => {
    if (error instanceof KubeAnswer && error.status === status) return undefined;
    throw error;
  };
}
