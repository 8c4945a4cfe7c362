// What `axoneme/testing` exports.

export { AgentError, codes, type ErrorCode, NotSupported } from '../errors.ts';
export type { Decision as Explanation } from '../model/policy/evaluate/evaluate.ts';
export type { NearMiss } from '../model/policy/evaluate/near-miss.ts';
export { Cluster, type ClusterOptions, openCluster } from './cluster.ts';
export { Connection, type Passage } from './connection.ts';
export type {
  AnswerDeclaration,
  NamespaceDeclaration,
  NodeDeclaration,
  OutsideDeclaration,
  PodDeclaration,
  PortDeclaration,
} from './declarations.ts';
export { Flow, FlowSide } from './flow.ts';
export type { ManifestProblem } from './manifests.ts';
export type { EngineName } from './open-engines.ts';
export type { FlowQuestion } from './questions.ts';
