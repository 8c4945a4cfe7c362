// Control lines: what client and process say to each other over control.sock: one JSON object a line.

import type { UserPort } from './port.ts';

/** Who a client is: each has an area of the memory for itself, and a lock that says that it lives. */
export const roles = { agent: 31, proxy: 30, 'proxy-next': 28 } as const;
export type Role = keyof typeof roles;

export type Request = { readonly id: number } & (
  | { readonly call: 'hello'; readonly role?: Role }
  | { readonly call: 'attach'; readonly port: UserPort }
  | { readonly call: 'detach'; readonly number: number }
  | { readonly call: 'status' }
);

/** A request without its number. */
export type Call = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } };
