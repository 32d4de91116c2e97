// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";
import {
  type Anchor,
  equalBytes,
  SECURITY_VERSION_OLD,
  verifyFirmwarePermit,
} from "@nyckelring/protocol";

import type { BoardBuild } from "./board-build.ts";
import { BoardFault } from "./board-fault.ts";

const BOARD_BYTES = 8;

/** How a permit names a board: the begin of SHA-256 over the serial number of its chip. */
export function permitBoardOf(serialNumber: string): Uint8Array {
  return createHash("sha256").update(serialNumber, "latin1").digest().subarray(0, BOARD_BYTES);
}

/**
 * Checks that a signed permit allows this build on this board now.
 *
 * @param anchors - Level 3 keys of the authority.
 * @param nowS - Seconds UTC.
 * @throws BoardFault with the code of the verifier, or `SECURITY_VERSION_OLD` for a genuine permit of
 *   another board, another build or another time.
 */
export function checkPermit(
  bytes: Uint8Array,
  anchors: readonly Anchor[],
  build: BoardBuild,
  serialNumber: string,
  nowS: number,
): void {
  const state = "nothing was written";
  const permit = verifyFirmwarePermit(bytes, anchors);
  if (!permit.ok) {
    throw new BoardFault({
      code: permit.fault.code,
      message: "the permit is not signed by a firmware key of the anchor file",
      state,
    });
  }
  const { board, manifest, untilS } = permit.value;
  const wrong = !equalBytes(board, permitBoardOf(serialNumber))
    ? "is for another board"
    : Buffer.from(manifest).toString("hex") !== build.manifest.sha256
      ? "is for another build"
      : untilS <= nowS
        ? `ended at ${new Date(untilS * 1000).toISOString()}`
        : undefined;
  if (wrong !== undefined) {
    throw new BoardFault({
      code: SECURITY_VERSION_OLD,
      message: `the permit ${wrong}`,
      state,
      hint: "have a permit signed for this board and this build",
    });
  }
}
