// What is asked of a cluster: a flow from one place to another.

import { AgentError } from '../errors.ts';
import { type Protocol, protocolNumbers } from './message.ts';

/** A new connection, or one message of a protocol without connections. */
export interface FlowQuestion {
  /** A pod (`namespace/name`; without a namespace it is in `default`), a node, an address outside by its name, or any address. */
  readonly from: string;
  readonly to: string;
  /** Destination port, or the name that the pod at `to` gives it. Not for ICMP. */
  readonly port?: number | string;
  /** In any case of letters; `tcp` by default. */
  readonly protocol?: Protocol | Uppercase<Protocol> | 'ICMPv6';
  /** ICMP and ICMPv6: the message's type; an echo request by default. */
  readonly type?: number;
  /** Which addresses are used where both sides have both families; IPv4 first by default. */
  readonly family?: 4 | 6;
}

/** A question that can be asked: everything is said, and in range. */
export interface PlainQuestion {
  readonly protocol: Protocol;
  /** ICMP: the type. */
  readonly port: number;
}

const echoRequest = { icmp: 8, icmpv6: 128 } as const;

/** `portOfName` is asked for the number behind a port's name. Throws WORLD_INVALID for what no packet can be. */
export function plainQuestion(
  question: Pick<FlowQuestion, 'port' | 'protocol' | 'type'>,
  portOfName: (name: string, protocol: Protocol) => number | undefined,
): PlainQuestion {
  const protocol = protocolOf(question.protocol ?? 'tcp');
  if (protocol === 'icmp' || protocol === 'icmpv6') return { protocol, port: typeOf(question, protocol) };
  const { port } = question;
  if (port === undefined) throw invalid(`flow: port: ${protocol} needs one`);
  const number = typeof port === 'number' ? port : portOfName(port, protocol);
  if (number === undefined) throw invalid(`flow: port: the destination names no ${protocol} port so: "${port}"`);
  if (!Number.isInteger(number) || number < 0 || number > 65535) throw invalid(`flow: port: not within 0 and 65535: ${port}`);
  return { protocol, port: number };
}

function protocolOf(given: string): Protocol {
  if (given in protocolNumbers) return given as Protocol;
  const lower = given.toLowerCase();
  if (lower in protocolNumbers) return lower as Protocol;
  throw invalid(`flow: protocol: not one of ${Object.keys(protocolNumbers).join(', ')}: "${given}"`);
}

/** The type may stand in `port` too, as recorded flows and policies have it. */
function typeOf({ type, port }: Pick<FlowQuestion, 'port' | 'type'>, protocol: 'icmp' | 'icmpv6'): number {
  const wanted = type ?? port ?? echoRequest[protocol];
  if (typeof wanted !== 'number' || !Number.isInteger(wanted) || wanted < 0 || wanted > 255)
    throw invalid(`flow: type: not an ICMP message's, 0 to 255: ${JSON.stringify(wanted)}`);
  return wanted;
}

function invalid(message: string): AgentError {
  return new AgentError('WORLD_INVALID', message);
}
