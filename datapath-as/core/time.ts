// Time: ticks compared so that the u32's wrap does no harm.

/** Whether a tick at which something ends has come. */
export function hasExpired(expires: u32, now: u32): bool {
  return <i32>(expires - now) <= 0;
}
