// What the CNI plugin asks, and what it is answered: one request, one answer, both JSON.

export interface CniRequest {
  /** ADD, DEL, CHECK, STATUS, GC; VERSION is answered by the plugin itself. */
  readonly command: string;
  /** CNI_CONTAINERID; absent where the command has none (STATUS, GC). */
  readonly containerId?: string;
  /** CNI_NETNS. */
  readonly netns?: string;
  /** CNI_IFNAME. */
  readonly ifname?: string;
  /** CNI_ARGS: `K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_UID=…`. */
  readonly args?: string;
  /** CNI_PATH. */
  readonly path?: string;
  /** Standard input, parsed: cniVersion, name, prevResult, cni.dev/valid-attachments… */
  readonly config: unknown;
}

export interface CniAnswer {
  /** 0: it is done. Else a code of the CNI specification; the plugin prints the body either way and exits with 1. */
  readonly code: number;
  /** What the plugin prints: the result of an ADD, `{ cniVersion, code, msg, details }` for an error, undefined for nothing. */
  readonly body: unknown;
}

/** Codes of errors: those of the specification, and one of ours (from 100 on they are a plugin's own). */
export const cniCodes = {
  versionIncompatible: 1,
  fieldUnsupported: 2,
  containerUnknown: 3,
  environmentInvalid: 4,
  ioFailure: 5,
  undecodable: 6,
  configInvalid: 7,
  tryAgain: 11,
  unavailable: 50,
  unavailableLimited: 51,
  /** CHECK found the interface not as it was made. */
  differs: 100,
} as const;
