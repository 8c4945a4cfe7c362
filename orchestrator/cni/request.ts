// Request: what the plugin asks the agent, POST /v1/cni, and what it gets back.

export const commands = ['ADD', 'DEL', 'CHECK', 'STATUS', 'GC', 'VERSION'] as const;

export interface CniRequest {
  readonly command: Exclude<(typeof commands)[number], 'VERSION'>;
  /** These four are '' for STATUS and GC; netns may be '' for DEL. */
  readonly containerId: string;
  readonly netns: string;
  readonly ifname: string;
  /** CNI_ARGS as given: K=V;K=V. */
  readonly args: string;
  /** CNI_PATH as given. */
  readonly path: string;
  /** The network configuration: standard input, parsed. */
  readonly config: NetworkConfig;
}

export interface NetworkConfig {
  readonly cniVersion: string;
  readonly name: string;
  readonly type: string;
  /** Where the agent listens. */
  readonly socket?: string;
  /** Result of ADD, given to CHECK and DEL. */
  readonly prevResult?: unknown;
  /** GC: the attachments that still stand. */
  readonly 'cni.dev/valid-attachments'?: readonly { readonly containerID: string; readonly ifname: string }[];
  readonly [key: string]: unknown;
}

/**
 * The agent's answer. `code` 0 is success, and `body` what the plugin prints: a result for ADD in the form of CNI 1.0.0 (the plugin
 * converts it to the version of the configuration), nothing for the others. Another `code` is one of CNI's or the plugin's own
 * (above 99), and `body` is `{msg, details?}`.
 */
export interface CniAnswer {
  readonly code: number;
  readonly body?: unknown;
}

/** Result of ADD, CNI 1.0.0. */
export interface CniResult {
  readonly cniVersion: string;
  readonly interfaces: readonly { readonly name: string; readonly mac: string; readonly mtu?: number; readonly sandbox?: string }[];
  readonly ips: readonly { readonly address: string; readonly gateway?: string; readonly interface?: number }[];
  readonly routes: readonly { readonly dst: string; readonly gw?: string; readonly mtu?: number }[];
  readonly dns: Readonly<Record<string, never>> | object;
}

/** CNI's own error codes. */
export const cniCode = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  badEnvironment: 4,
  io: 5,
  undecodable: 6,
  badConfig: 7,
  tryAgain: 11,
  notAvailable: 50,
  limitedConnectivity: 51,
} as const;
