// Mark bits: the registry of every bit of the packet mark that this project writes or reads. A test checks that no two overlap.
//
//  31                            16 15      12 11       8 7              0
// +--------------------------------+----------+----------+----------------+
// | identity 15..0 or proxy port   | not ours |   kind   | identity 23..16|
// +--------------------------------+----------+----------+----------------+

export const MARK_PAYLOAD_MASK: u32 = 0xffff0000;
export const MARK_KIND_MASK: u32 = 0x00000f00;
export const MARK_IDENTITY_HIGH_MASK: u32 = 0x000000ff;

// Kinds, as in the field's common registry.
/** From a pod, on its way to the proxy: whatever is not taken for it on that way goes nowhere. */
export const MARK_KIND_PROXY: u32 = 0x00000200;
/** The same, once a socket of the proxy has it. */
export const MARK_KIND_PROXY_TAKEN: u32 = 0x00000300;
export const MARK_KIND_OVERLAY: u32 = 0x00000400;
/** From the proxy's sockets, in the name of the server that a pod asked. */
export const MARK_KIND_PROXY_ANSWER: u32 = 0x00000a00;
export const MARK_KIND_DECRYPTED: u32 = 0x00000d00;
export const MARK_KIND_ENCRYPT: u32 = 0x00000e00;
export const MARK_KIND_IDENTITY: u32 = 0x00000f00;
