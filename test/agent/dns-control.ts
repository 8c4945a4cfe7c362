// A party at R/dns/control.sock that speaks as the DNS proxy does: it reads the rules that it is told of, and says what it has heard.

import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Answer, Hello, Request } from '../../orchestrator/dns/control-line.ts';
import { type DnsRules, readRules } from '../../orchestrator/dns/rules.ts';
import { longestRequest, readLines } from '../../orchestrator/processes/lines.ts';
import { version } from '../../orchestrator/version.ts';

export class ControlParty {
  readonly heard: Request[] = [];
  rules: DnsRules | undefined;
  hello: Hello;
  /** It takes requests and answers none. */
  isSilent = false;
  /** It takes no rules, for this reason. */
  refusal: string | undefined;
  /** It does not hand over, for these reasons one after the other. */
  readonly upgradeRefusals: string[] = [];
  private readonly folder: string;
  private readonly clients = new Set<Socket>();
  private server: Server | undefined;

  constructor(runDir: string, hello: Partial<Hello> = {}) {
    this.folder = join(runDir, 'dns');
    this.hello = { pid: 1, version: version(), port: 10_053, mode: 'wasm', generation: 0, ...hello };
  }

  async open(): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    const path = join(this.folder, 'control.sock');
    rmSync(path, { force: true });
    const server = createServer((socket) => {
      this.clients.add(socket.on('error', () => {}));
      readLines(
        socket,
        longestRequest,
        (line) => void this.take(JSON.parse(line), (answer) => socket.write(`${JSON.stringify(answer)}\n`)),
      );
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(path, resolve));
  }

  /** As a process that is killed. */
  async die(): Promise<void> {
    for (const client of this.clients) client.destroy();
    await new Promise((resolve) => this.server?.close(resolve));
    this.hello = { ...this.hello, generation: 0 };
  }

  count(call: Request['call']): number {
    return this.heard.filter((request) => request.call === call).length;
  }

  private async take(request: Request, answer: (answer: Answer) => void): Promise<void> {
    this.heard.push(request);
    if (this.isSilent) return;
    const { id } = request;
    if (request.call === 'hello') return answer({ id, result: this.hello });
    if (request.call === 'rules' && this.refusal !== undefined) {
      return answer({ id, error: { code: 'DNS_RULES_INVALID', message: this.refusal } });
    }
    if (request.call === 'rules') {
      this.rules = await readRules(join(this.folder, 'rules.json'));
      this.hello = { ...this.hello, generation: this.rules?.generation ?? 0 };
      return answer({ id, result: { generation: this.hello.generation } });
    }
    if (request.call === 'upgrade') {
      const message = this.upgradeRefusals.shift();
      return answer(message === undefined ? { id, result: null } : { id, error: { code: 'DNS_PROXY_REFUSED', message } });
    }
    answer({ id, error: { code: 'DNS_PROXY_REFUSED', message: `no such call: ${request.call}` } });
  }
}
