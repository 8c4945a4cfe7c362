// The commands that ask a running agent, by name, in a line each: what `axoneme help` shows without loading them.

export const nounSentences = {
  status: 'whether the agent of this node is well, check by check',
  endpoint: "pods' interfaces of this node: list, get",
  identity: 'identities, and the labels that they stand for: list, get',
  ip: 'which identity is behind an address: list, get',
  service: 'services with the backends that answer: list, get, reset',
  dns: 'names that pods ask for, what they were told, and what that lets them reach: log, cache, names',
  node: 'nodes of the cluster, how packets get there, and whether they answer: list; switch-mode',
  map: 'what the datapath itself has: list, get',
  monitor: 'drops and verdicts, with pods, reasons and rules; --follow for those to come',
  table: "any table of the agent's, by name",
  metrics: 'what agent and datapath count',
  config: 'the configuration in force',
} as const;

export type NounName = keyof typeof nounSentences;
