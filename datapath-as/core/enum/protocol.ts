// Wire constants of the protocols that the core tells apart.

export const PROTOCOL_ICMP: u8 = 1;
export const PROTOCOL_TCP: u8 = 6;
export const PROTOCOL_UDP: u8 = 17;
export const PROTOCOL_ICMPV6: u8 = 58;
export const PROTOCOL_SCTP: u8 = 132;

export const FAMILY_IPV4: u8 = 4;
export const FAMILY_IPV6: u8 = 6;

// TCP header byte 13.
export const TCP_FIN: u8 = 0x01;
export const TCP_SYN: u8 = 0x02;
export const TCP_RST: u8 = 0x04;
export const TCP_ACK: u8 = 0x10;

export const ICMP_ECHO_REPLY: u8 = 0;
export const ICMP_ECHO_REQUEST: u8 = 8;
export const ICMPV6_ECHO_REQUEST: u8 = 128;
export const ICMPV6_ECHO_REPLY: u8 = 129;
export const ICMPV6_ROUTER_SOLICITATION: u8 = 133;
export const ICMPV6_NEIGHBOUR_ADVERTISEMENT: u8 = 136;
export const ICMPV6_REDIRECT: u8 = 137;
