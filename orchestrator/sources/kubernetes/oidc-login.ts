// OIDC login: the id token of a user of a kubeconfig, and a new one in time. The library would ask for a new one with every request, and
// forgets a refresh token that was exchanged when the kubeconfig is read again.

import { readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { request as httpRequest } from '../../http.ts';
import { KubeError } from './failure.ts';

/** `config` of `auth-provider`, as kubectl writes it. */
export type OidcConfig = Readonly<Record<string, string | undefined>>;

/** Tokens are exchanged so long before they run out. */
const earlySeconds = 30;
const deadlineMs = 10_000;
const newMs = 1_000;
const mostBytes = 2 ** 20;

export class OidcLogin {
  readonly #config: OidcConfig;
  #token: string | undefined;
  #refreshToken: string | undefined;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<string> | undefined;

  constructor(config: OidcConfig) {
    this.#config = config;
    this.#token = config['id-token'];
    this.#refreshToken = config['refresh-token'];
  }

  /** Throws KubeError. One request for all who ask at once. */
  async token(): Promise<string> {
    if (this.#token !== undefined && expiryOf(this.#token) - earlySeconds > Date.now() / 1000) return this.#token;
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** It was refused: it is not used again. Several requests are refused at once, and one new token is for all of them. */
  forget(): void {
    if (this.#refreshToken !== undefined && performance.now() - this.#renewedAt > newMs) this.#token = undefined;
  }

  async #refresh(): Promise<string> {
    const issuer = this.#config['idp-issuer-url'];
    const clientId = this.#config['client-id'];
    if (issuer === undefined || clientId === undefined || this.#refreshToken === undefined)
      throw new KubeError(
        'KUBE_CONFIG_INVALID',
        'kubernetes credentials: oidc: the token has run out, and there is nothing to renew it with',
      );
    const discovered = await this.#ask(new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`));
    const { token_endpoint: endpoint, token_endpoint_auth_methods_supported: methods } = discovered;
    if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) throw refused(issuer, 'it names no token endpoint');
    const secret = this.#config['client-secret'];
    const isPosted = Array.isArray(methods) && !methods.includes('client_secret_basic');
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: this.#refreshToken });
    const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
    if (secret && !isPosted) {
      const pair = [clientId, secret].map(encodeURIComponent).join(':');
      headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    } else {
      form.set('client_id', clientId);
      if (secret) form.set('client_secret', secret);
    }
    const { id_token: token, refresh_token: next } = await this.#ask(new URL(endpoint), headers, form.toString());
    if (typeof token !== 'string') throw refused(issuer, 'it gave no id token');
    this.#token = token;
    this.#renewedAt = performance.now();
    if (typeof next === 'string' && next !== '') this.#refreshToken = next;
    return token;
  }

  #ask(url: URL, headers: Record<string, string> = {}, body?: string): Promise<Record<string, unknown>> {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const signal = AbortSignal.timeout(deadlineMs);
    const options = {
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...headers, accept: 'application/json' },
      signal,
      ...this.#trust(),
    };
    return new Promise((resolve, reject) => {
      const failed = (error: Error) => {
        const why = signal.aborted ? `no answer in ${deadlineMs} ms` : error.message;
        reject(new KubeError('KUBE_UNAVAILABLE', `kubernetes credentials: oidc: ${url.host}: ${why}`, { cause: error }));
      };
      const sent = send(url, options, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (piece: string) => {
          text += piece;
          if (text.length > mostBytes) answer.destroy(new Error('the answer is too long'));
        });
        answer.on('error', failed);
        answer.on('end', () => {
          const parsed = parse(text);
          if (answer.statusCode === 200 && parsed !== undefined) resolve(parsed);
          else
            reject(refused(url.host, `status ${answer.statusCode}: ${String(parsed?.error_description ?? parsed?.error ?? 'not json')}`));
        });
      });
      sent.on('error', failed);
      sent.end(body);
    });
  }

  #trust(): { ca?: Buffer } {
    const data = this.#config['idp-certificate-authority-data'];
    const file = this.#config['idp-certificate-authority'];
    if (data) return { ca: Buffer.from(data, 'base64') };
    return file ? { ca: readFileSync(file) } : {};
  }
}

function refused(where: string, what: string): KubeError {
  return new KubeError('KUBE_REFUSED', `kubernetes credentials: oidc: ${where}: ${what.slice(0, 200)}`);
}

/** Seconds since 1970; 0 of what is no such token. */
function expiryOf(token: string): number {
  const { exp } = parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) ?? {};
  return typeof exp === 'number' ? exp : 0;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
