// SPDX-License-Identifier: EUPL-1.2
// The operations of the door path in script, for a role that is given none.
export { createArenaOperations } from "@nyckelring/protocol";
