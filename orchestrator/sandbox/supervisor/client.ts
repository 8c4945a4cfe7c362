// A client of the supervisor's door.

import { request } from 'node:http';
import { AgentError, type ErrorCode } from '../../errors.ts';
import type { PartRequest } from './server.ts';
import type { SupervisorState } from './supervisor.ts';

export class SupervisorClient {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Waits a moment for more when only `known` lines of progress are there and it is still starting. */
  state(known?: number): Promise<SupervisorState> {
    return this.#ask('GET', `/v1/state${known === undefined ? '' : `?known=${known}`}`);
  }

  /** Resolves when it is done. */
  part(asked: PartRequest): Promise<SupervisorState> {
    return this.#ask('POST', '/v1/parts', asked);
  }

  #ask(method: string, path: string, body?: object): Promise<SupervisorState> {
    return new Promise((resolve, reject) => {
      const sending = request({ socketPath: this.#socket, method, path, timeout: 30_000 }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.on('error', reject);
        response.on('end', () => {
          const answer = JSON.parse(text);
          if (response.statusCode === 200) resolve(answer);
          else reject(new AgentError(answer.code as ErrorCode, answer.message));
        });
      });
      sending.on('timeout', () => sending.destroy(new Error('no answer in time')));
      sending.on('error', (error) =>
        reject(new AgentError('SANDBOX_FAILED', `sandbox: its supervisor: ${error.message}`, { cause: error })),
      );
      sending.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
