// View: all that the API needs of an agent. The agent implements it; tests make one of real tables and a datapath.

import type { Datapath } from '../datapath/datapath.ts';
import type { FlowLog } from '../flows/flow-log.ts';
import type { TableRegistry } from '../state/table-registry.ts';
import type { Check } from './check.ts';

export interface AgentView {
  about(): About;
  /**
   * Every table of the agent, by name. Those that the API gives a path and the command line a noun: `endpoints`, `identities`,
   * `ipcache`, `policies`, `nodes` (enforcement/view.ts), `frontends` (model/service); one that is not registered is answered as empty.
   */
  readonly tables: TableRegistry;
  /** Asked at every status, so it looks at what is known and waits for nobody; one that throws is told as failed. */
  checks(): Check[] | Promise<Check[]>;
  /** Recent flows and what comes. */
  readonly flows: FlowLog;
  /** Its maps are shown, never written; undefined until there is one. */
  readonly datapath: Pick<Datapath, 'mode' | 'map' | 'now'> | undefined;
  /** All that the agent counts, in the text form of Prometheus. */
  metrics(): string | Promise<string>;
  /** The configuration in force, by flag; secrets are not in it. */
  config(): Readonly<Record<string, unknown>>;
  /** A call of the CNI plugin (cni/request.ts); of the request no more is known than that it is an object with a command. */
  cni(request: unknown): Promise<{ readonly code: number; readonly body?: unknown }>;
}

export interface About {
  readonly version: string;
  readonly node: string;
  readonly cluster: string;
  readonly mode: 'kernel' | 'wasm';
  readonly pid: number;
  readonly startedAt: Date;
}
