// SPDX-License-Identifier: EUPL-1.2
import { type ArenaOperations, assert, PROMISE_BROKEN } from "@nyckelring/protocol";

// In the place of `arena-operations.ts` on boards with native code: their roles are given operations over
// it, and 8 kB of script would lie in Storage for nothing.
export function refuseArenaOperations(): ArenaOperations {
  assert(false, PROMISE_BROKEN);
}

export { refuseArenaOperations as createArenaOperations };
