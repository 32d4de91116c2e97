// SPDX-License-Identifier: EUPL-1.2

import { BOARD_FAULTS } from "../../../hil-tests/test/board-faults.ts";
import type { Origins } from "./observe.ts";

/** What boards and ports end with, on virtual boards. */
export const BOARD_ORIGINS: Origins = Object.fromEntries(
  Object.entries(BOARD_FAULTS).map(([name, deed]) => [name, async () => (await deed()).parts.code]),
);
