// Aims: what a rule was written for, so that probes meet it. Without them most probes would find nothing but default deny.

export interface Aim {
  readonly direction: 'ingress' | 'egress';
  readonly action: 'allow' | 'deny';
  /** `namespace/name` of a pod that the policy was written for; undefined: any. */
  readonly subject: string | undefined;
  /** A pod, or an address outside by its name. */
  readonly peer: string | undefined;
  readonly traffic: readonly AimedTraffic[];
  readonly redirects: boolean;
}

export interface AimedTraffic {
  readonly protocol: string;
  readonly port: number;
}
