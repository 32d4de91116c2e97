// SPDX-License-Identifier: EUPL-1.2
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bytesOfHex, hexOf } from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import { describe, expect, test } from "vitest";

import { lowerBundle } from "../build/lower.ts";
import { checkScript } from "../dialect/gate.ts";
import { board } from "../src/boards/xiao-nrf52840.ts";
import { ESPRUINO, makeFolder, startInterpreter } from "./interpreter.ts";

const FIRMWARE = dirname(dirname(fileURLToPath(import.meta.url)));
const RUN_MS = 120_000;

/** Pins for the interpreter's Linux build, which has none; edges wait until they are served. */
const PINS = `
var level=1,edges=[],onEdge;
function setWatch(call){onEdge=call}
function pinMode(){}
function digitalRead(pin){return pin==="${board.contactSense}"?level:0}
var bench={
drive:function(to){level=to;edges.push({state:to===1,time:getTime()})},
serve:function(){while(edges.length>0)onEdge(edges.shift())}};
`;

/**
 * Runs a program of `test/programs` and returns its lines that begin with `word`, by name.
 *
 * @param before - Text in the interpreter's language that is evaluated first.
 */
async function runProgram(
  name: string,
  word: string,
  end: string,
  before = "",
): Promise<Map<string, string>> {
  const folder = await makeFolder();
  const { code } = await lowerBundle({
    entryText: `import "./test/programs/${name}.ts";`,
    resolveDir: FIRMWARE,
    root: dirname(FIRMWARE),
  });
  const script = before + code;
  expect(checkScript(script).violations).toEqual([]);
  await writeFile(join(folder.path, "program.js"), script, "ascii");
  const interpreter = startInterpreter(folder.path, "program.js");
  try {
    await interpreter.waitFor(end, RUN_MS);
  } finally {
    await interpreter.stop();
    await folder.remove();
  }
  expect(interpreter.console()).not.toContain("Uncaught");
  const values = new Map<string, string>();
  for (const line of interpreter.console().split("\r\n")) {
    const [first, key, ...rest] = line.split(" ");
    if (first === word && key !== undefined) values.set(key, rest.join(" "));
  }
  return values;
}

describe.skipIf(ESPRUINO === undefined)("device ports (skipped without ESPRUINO)", () => {
  test("the crypto port gives on the interpreter what Node gives", async () => {
    const samples = await runProgram("crypto-samples", "sample", "samples-end");
    const crypto = createNodeCrypto();
    const key = bytesOfHex("2b7e151628aed2a6abf7158809cf4f3c");
    const block = bytesOfHex("3243f6a8885a308d313198a2e0370734");
    const text = bytesOfHex("7768617420646f2079612077616e7420666f72206e6f7468696e673f");
    const secret = new Uint8Array(32).fill(0x42);
    const agreement = crypto.importAgreementKey(secret);
    const shared = agreement.agree(bytesOfHex(`0f${"20".repeat(31)}`));
    const signing = crypto.importSigningKey(secret);
    const { entropy, ...values } = Object.fromEntries(samples);
    expect(values).toEqual({
      "sha256-empty": hexOf(crypto.hash(new Uint8Array(0))),
      "sha256-abc": hexOf(crypto.hash(bytesOfHex("616263"))),
      hmac: hexOf(crypto.hmac(bytesOfHex("4a656665"), text)),
      "aes-built-in": "3925841d02dc09fbdc118597196a0b32",
      "aes-own": "3925841d02dc09fbdc118597196a0b32",
      ccm: hexOf(crypto.seal(key, new Uint8Array(13), text, block, 8)),
      "ccm-opened": hexOf(block),
      "ccm-altered": "refused",
      "x25519-public": hexOf(agreement.publicKey),
      "x25519-shared": shared.ok ? hexOf(shared.value) : "refused",
      "x25519-zero": "refused",
      "ed25519-public": hexOf(signing.publicKey),
      "ed25519-signature": hexOf(signing.sign(text)),
      "ed25519-verified": "true",
      "ed25519-other-text": "false",
      "entropy-length": "64",
    });
    expect(new Set(entropy?.match(/../g)).size).toBeGreaterThan(20);
  });

  test("pages inside a file of Storage erase and program without touching its neighbours", async () => {
    const pages = await runProgram("storage-pages", "page", "pages-end");
    expect(Object.fromEntries(pages)).toEqual({
      fresh: expect.stringMatching(/^[0-9a-f]{8}$/),
      programmed: "ffff01020304ffffffff0909090908080808ffff",
      "cleared-bits": "01000304",
      erased: "ffffffffffffffffffffffff",
      "last-page": "05060708",
      "found-again": "05060708",
      "without-room": expect.stringContaining("broken promise 702"),
      compaction: "none",
      trash: "there",
      neighbours: "first file/last file",
    });
  });

  test("a key that is pulled and put in again while it computes hears of both", async () => {
    const told = await runProgram("plug-behind-work", "plug", "plug-end", PINS);
    expect(told.get("told")?.split(", ")).toEqual([
      "feeds nothing",
      "feeds",
      "in",
      "computes",
      "feeds nothing",
      "out",
      "feeds",
      "in",
    ]);
  });
});
