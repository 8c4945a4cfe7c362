// Counters: what happened to queries and answers since this process started. Plain numbers, so that counting costs nothing.

/** Upper bounds of the times between a query and its answer, in seconds; one more for all that took longer. */
export const latencyBounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

/** Why a pod is told SERVFAIL, as it is counted. */
export type Failure =
  | 'failedPodFull'
  | 'failedFull'
  | 'failedDeadline'
  | 'failedUnsent'
  | 'failedUnreadable'
  | 'failedPrivate'
  | 'failedPodGrants'
  | 'failedPlaces'
  | 'failedMap';

export class Counters {
  /** From addresses of pods that the rules know. */
  queries = 0;
  /** Passed on to the server that was asked. */
  forwarded = 0;
  /** By the rules: the name, or the server. */
  refused = 0;
  /** Not a query, several questions, a broken name. */
  malformed = 0;
  /** Sent by nobody that the rules know. */
  queriesUnknown = 0;
  /** To the proxy's own port, which nobody may ask. */
  queriesDirect = 0;
  /** Too long for a query, or without the address that was asked. */
  queriesUnreadable = 0;
  /** Their pod was gone when they could have been answered. */
  queriesGone = 0;
  /** Over TCP: the pod hung up before they were answered. */
  queriesLeft = 0;
  /** Passed to the pod that asked. */
  answers = 0;
  /** Not to a question that waits: a wrong source, id or question. */
  answersStray = 0;
  /** The kernel did not take them. */
  answersUnsent = 0;
  /** As many questions of that pod wait already as one may have. */
  failedPodFull = 0;
  /** As many wait as all may have. */
  failedFull = 0;
  /** The server has said nothing in time. */
  failedDeadline = 0;
  /** The host did not send the query, or lost the connection to the server. */
  failedUnsent = 0;
  /** The answer could not be read. */
  failedUnreadable = 0;
  /** The answer names private addresses, and those are refused. */
  failedPrivate = 0;
  /** The pod has been granted as many addresses as one may be. */
  failedPodGrants = 0;
  /** An address would be granted under more selectors than an entry has places for. */
  failedPlaces = 0;
  /** The map takes no more, or not now. */
  failedMap = 0;
  /** Entries of the map. */
  grantsWritten = 0;
  grantsRemoved = 0;
  /** Of pods, over TCP. */
  connections = 0;
  /** Beyond what a pod or all may have. */
  connectionsRefused = 0;
  /** The host could not give them to us. */
  connectionsFailed = 0;
  /** Cut off: too slow, too long, or broken. */
  connectionsCut = 0;
  /** How many took so long, by `latencyBounds`: each in one of them only. */
  readonly latency = new Float64Array(latencyBounds.length + 1);
  /** Seconds of all of them. */
  latencySum = 0;

  /** Milliseconds. */
  took(elapsed: number): void {
    const seconds = elapsed / 1000;
    let bucket = 0;
    while (bucket < latencyBounds.length && seconds > (latencyBounds[bucket] as number)) bucket += 1;
    this.latency[bucket] = (this.latency[bucket] as number) + 1;
    this.latencySum += seconds;
  }
}
