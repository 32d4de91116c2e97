// SPDX-License-Identifier: EUPL-1.2
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SECURITY_VERSION_OLD, SIGNATURE_INVALID, signFirmwarePermit } from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import { afterAll, expect, test } from "vitest";

import { writeSampleBuild } from "../test/sample-build.ts";
import { readBoardBuild } from "./board-build.ts";
import { BoardFault } from "./board-fault.ts";
import { checkPermit, permitBoardOf } from "./firmware-permit.ts";

const folder = mkdtempSync(join(tmpdir(), "nyckelring-permit-"));
afterAll(() => rmSync(folder, { recursive: true }));
const crypto = createNodeCrypto();
const SERIAL = "0011223344556677";
const NOW_S = 1_800_000_000;
const build = readBoardBuild(writeSampleBuild(join(folder, "build")));
const another = readBoardBuild(writeSampleBuild(join(folder, "another"), { version: "9" }));

function keyPair(fill: number) {
  const key = crypto.importSigningKey(new Uint8Array(32).fill(fill));
  const publicKey = key.publicKey;
  const kid = crypto.hash(publicKey).slice(0, 4);
  const verification = crypto.importVerificationKey(publicKey);
  if (!verification.ok) {
    throw new Error("no key");
  }
  return { signer: { kid, key }, anchor: { kid, key: verification.value } };
}

const authority = keyPair(1);
const stranger = keyPair(2);

function permit(serial: string, manifest: string, untilS: number, signer = authority.signer) {
  const fields = {
    board: permitBoardOf(serial),
    manifest: Uint8Array.from(Buffer.from(manifest, "hex")),
    untilS,
  };
  return signFirmwarePermit(fields, signer);
}

function refusal(bytes: Uint8Array): number {
  try {
    checkPermit(bytes, [authority.anchor], build, SERIAL, NOW_S);
    return 0;
  } catch (error) {
    return error instanceof BoardFault ? error.parts.code : -1;
  }
}

test("a permit allows the one build on the one board until its end", () => {
  expect(refusal(permit(SERIAL, build.manifest.sha256, NOW_S + 1))).toBe(0);
});

test.each([
  ["another board", permit("8899", build.manifest.sha256, NOW_S + 1), SECURITY_VERSION_OLD],
  ["another build", permit(SERIAL, another.manifest.sha256, NOW_S + 1), SECURITY_VERSION_OLD],
  ["a time that is over", permit(SERIAL, build.manifest.sha256, NOW_S), SECURITY_VERSION_OLD],
  [
    "a stranger's signature",
    permit(SERIAL, build.manifest.sha256, NOW_S + 1, stranger.signer),
    SIGNATURE_INVALID,
  ],
])("a permit with %s allows nothing", (_name, bytes, code) => {
  expect(refusal(bytes)).toBe(code);
});
