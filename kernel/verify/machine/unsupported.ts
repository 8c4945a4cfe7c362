// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

/** What this room cannot reason about. The function's row then says "differential", with the message as its reason. */
export class Unsupported extends Error {}
