// Sockets: what a socket asks before there is any packet, and what becomes of it.

// What is asked.
/** The peer of a connection, or of all datagrams to come. */
export const CALL_CONNECT: u8 = 1;
/** The peer of one datagram. */
export const CALL_SEND: u8 = 2;

// What becomes of it.
/** The call goes on as it was made: no frontend is meant, or one that packets are translated for one by one. */
export const SOCKET_UNTOUCHED: u32 = 0;
/** The call goes on to the backend of the call's new translation. */
export const SOCKET_TRANSLATED: u32 = 1;
/** The call ends here: its reason says why. */
export const SOCKET_REFUSED: u32 = 2;
