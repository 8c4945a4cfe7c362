// Answers of every kind, and how long they count.

import type { DnsScenario } from '../scenario.ts';

export const answers: readonly DnsScenario[] = [
  {
    name: 'errors of servers reach who asked, and silence becomes one',
    steps: [
      'one ask dnsmasq none.domain.com = NXDOMAIN',
      'one ask unbound none.domain.com = NXDOMAIN',
      'one ask unbound fails.domain.com = SERVFAIL',
      'one ask dnsmasq fails.domain.com = SERVFAIL',
      'one log fails.domain.com RESPONSE FORWARDED 2',
      'one ask dnsmasq x.silent.domain.com = SERVFAIL',
      'one log x.silent.domain.com RESPONSE ERROR',
    ],
  },
  {
    name: 'answers too long for a datagram come over a connection, and all of their addresses count',
    steps: [
      'two ask dnsmasq thirty.domain.com = cut',
      'two ask dnsmasq+1400 thirty.domain.com = 100..129',
      'two reach 100..129 443',
      'two ask unbound+1400 hundred.domain.com = cut',
      'two ask unbound/tcp hundred.domain.com = 200..299',
      'two reach 200,299 443',
      'two ask dnsmasq/tcp hundred.domain.com = 200..299',
    ],
  },
  {
    name: 'a store with another address every second',
    steps: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].flatMap((key, at) => [
      `one ask ${at % 2 === 0 ? 'dnsmasq' : 'unbound'} bucket-${key}.s3.domain.com = one`,
      'one hold last 443',
      'one speak last 443',
    ]),
  },
  {
    name: 'many questions over one connection are all answered, each with its own',
    steps: [
      `one pipeline unbound www.domain.com = 1; www.other.com = REFUSED; shared.domain.com = 5; none.domain.com = NXDOMAIN; ${Array.from(
        { length: 40 },
        (_, at) => `q${at}.quick.domain.com = 20`,
      ).join('; ')}`,
      `two pipeline dnsmasq api-1.domain.com = 10; a.b.domain.com = REFUSED; api-2.domain.com = 11`,
      'two reach 10 443',
    ],
  },
  {
    name: 'the addresses at the end of a chain are those of its beginning',
    steps: [
      'two ask unbound chain.domain.com = 50',
      'two reach 50 443',
      'two log chain.domain.com RESPONSE FORWARDED 0',
      'two ask dnsmasq short.domain.com = 51',
      'two reach 51 443',
      'two ask dnsmasq edge.cdn.net = REFUSED',
      'plain-links ask dnsmasq chain.domain.com = 50',
      'plain-links miss 50 443',
      'links ask dnsmasq chain.domain.com = 50',
      'links reach 50 443',
    ],
  },
  {
    name: 'what a server says of names that nobody asked for opens nothing',
    steps: [
      'direct ask author poison.domain.com = 52,53',
      'direct reach 52 443',
      'direct miss 53 443',
      'direct ask author/tcp foreign.domain.com = 53',
      'direct miss 53 443',
      'direct ask author loop.domain.com = SERVFAIL',
      'direct log loop.domain.com RESPONSE ERROR',
    ],
  },
  {
    name: 'another port than 53 is asked by the same rules',
    steps: [
      'direct ask author:5353 api-1.domain.com = 10',
      'direct ask author/tcp:5353 api-2.domain.com = 11',
      'direct ask author:5353 www.other.com = REFUSED',
      'direct ask author/tcp:5353 www.other.com = REFUSED',
      'direct reach 10 443',
      'direct reach 11 443',
      'direct miss 4 443',
      'direct log www.other.com REQUEST DROPPED',
    ],
  },
  {
    name: 'an address counts for as long as its answer does, and a connection for as long as it lives',
    steps: [
      'one ask unbound brief.domain.com = 7',
      'one hold 7 443',
      'one lose 7 443',
      'one drop 7 brief.domain.com',
      'one drop 7 shop/one',
      'one speak 7 443',
      'one ask unbound brief.domain.com = 7',
      'one reach 7 443',
    ],
  },
  {
    name: 'a policy may let addresses count for longer',
    steps: [
      'lasting ask dnsmasq lasting.domain.com = 8',
      'graced ask dnsmasq graced.domain.com = 9',
      'two ask dnsmasq lasting.domain.com = 8',
      'two lose 8 443',
      'lasting reach 8 443',
      'graced reach 9 443',
    ],
  },
];
