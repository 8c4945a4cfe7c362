// Asking: what every command that speaks to an agent takes, and the client that comes of it.

import { type ApiClient, openClient } from '../../api/client.ts';
import type { Flag } from '../policy/flags.ts';
import { outputForms } from './rows.ts';

export const askingFlags = {
  socket: { value: 'PATH', sentence: "the agent's socket, or its run folder; else AXONEME_SOCKET, else /run/axoneme" },
  output: { value: 'FORM', short: 'o', choices: outputForms, sentence: 'how it is told; wide: with every column' },
} as const satisfies Readonly<Record<string, Flag>>;

export function clientOf({ socket }: { readonly socket: string | undefined }): ApiClient {
  return openClient({ socket });
}

/** The rows of a list that the API gave. */
export async function itemsOf(client: ApiClient, ...asked: Parameters<ApiClient['get']>): Promise<Readonly<Record<string, unknown>>[]> {
  const answer = (await client.get(...asked)) as { items?: Readonly<Record<string, unknown>>[] };
  return answer.items ?? [];
}
