// SPDX-License-Identifier: EUPL-1.2
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { entropyOf } from "../../test/door-fixture.ts";
import { bytesOfHex, hexOf } from "../bytes.ts";
import { createNobleCrypto, createNodeCrypto } from "../host.ts";
import {
  AEAD,
  AEAD_NONCE,
  CONTEXT,
  EPHEMERAL,
  G_X,
  G_Y,
  HASH_1,
  KEYSTREAM,
  LOCK_ARENA_BYTES,
  MAC,
  MESSAGE,
  MESSAGE_AAD,
  OWN_CREDENTIAL,
  PRK_2E,
  PRK_3E2M,
  PRK_4E3M,
  PRK_EXPORTER,
  PRK_OUT,
  SALT,
  SHARED,
  TH_2,
  TH_3,
  TH_4,
} from "./arena.ts";
import { createArenaOperations } from "./arena-operations.ts";
import { createKeySchedule } from "./key-schedule.ts";

interface Item {
  readonly section: string;
  readonly label: string;
  readonly hex: string | null;
}

const root = fileURLToPath(new URL("../../../", import.meta.url));
const vectors = resolve(root, process.env["NYCKEL_VECTORS"] ?? "../shared/vectors");
const file = resolve(vectors, "edhoc/rfc9529-traces.json");
const isPresent = existsSync(file);
const suffix = isPresent ? "" : " (skipped: ../shared/vectors absent)";

function readTrace(number: 0 | 1): (label: string, section?: string) => Uint8Array {
  const { traces } = JSON.parse(readFileSync(file, "utf8")) as { traces: Record<string, Item[]> };
  const items = Object.values(traces)[number] ?? [];
  return (label, section = "") => {
    const found = items.filter(
      (item) =>
        item.label.startsWith(label) && item.section.startsWith(section) && item.hex !== null,
    );
    // A run with two first messages ends with the one that counts.
    const item = found.at(-1);
    if (item === undefined) throw new Error(`RFC 9529 has no ${label}`);
    return bytesOfHex(item.hex ?? "");
  };
}

describe.skipIf(!isPresent).each([
  ["node", createNodeCrypto()],
  ["noble", createNobleCrypto()],
])(`RFC 9529 on the %s port${suffix}`, (_name, crypto) => {
  function makeArena() {
    const arena = new Uint8Array(LOCK_ARENA_BYTES);
    const operations = createArenaOperations(crypto, entropyOf(crypto, "trace"), arena);
    operations.lay();
    return {
      arena,
      operations,
      schedule: createKeySchedule(operations),
      hexAt: (at: number, bytes: number) => hexOf(arena.slice(at, at + bytes)),
    };
  }
  const PLAINTEXT = MESSAGE + 64;

  test("gives the public keys, the shared secret and message_2's keystream of trace 1", () => {
    const trace = readTrace(0);
    const { arena, operations, schedule, hexAt } = makeArena();
    arena.set(trace("Initiator's ephemeral private key"), EPHEMERAL);
    operations.dhBase(EPHEMERAL, G_X);
    expect(hexAt(G_X, 32)).toBe(hexOf(trace("Initiator's ephemeral public key / G_X (Raw")));
    arena.set(trace("message_1 (CBOR Sequence)"), MESSAGE);
    operations.hash(MESSAGE, 37, HASH_1);
    expect(hexAt(HASH_1, 32)).toBe(hexOf(trace("H(message_1) (Raw")));
    arena.set(trace("Responder's ephemeral public key / G_Y (Raw"), G_Y);
    expect(operations.dh(EPHEMERAL, G_Y, SHARED)).toBe(0);
    expect(hexAt(SHARED, 32)).toBe(hexOf(trace("G_XY")));
    schedule.enterMessage2();
    expect(hexAt(TH_2, 34)).toBe(hexOf(trace("TH_2 (CBOR")));
    expect(hexAt(PRK_2E, 32)).toBe(hexOf(trace("PRK_2e (Raw")));
    const plaintext = trace("PLAINTEXT_2");
    arena.set(plaintext, PLAINTEXT);
    schedule.coverMessage2(PLAINTEXT, plaintext.length);
    expect(hexAt(KEYSTREAM, plaintext.length)).toBe(hexOf(trace("KEYSTREAM_2 (Raw")));
    expect(hexAt(PLAINTEXT, plaintext.length)).toBe(hexOf(trace("CIPHERTEXT_2 (Raw")));
  });

  // Method 0 takes PRK_2e for all three, method 3 binds a static key at each step; from the keys
  // on, everything is the same.
  test.each([0, 1] as const)(
    "gives transcripts, keys, messages and exporter of trace %i + 1",
    (number) => {
      const trace = readTrace(number);
      const { arena, operations, schedule, hexAt } = makeArena();
      const isStatic = number === 1;
      const coordinate = isStatic ? ", 'x'-coordinate" : "";
      arena.set(trace(`Responder's ephemeral public key${coordinate} / G_Y (Raw`), G_Y);
      arena.set(trace("H(message_1) (Raw"), HASH_1);
      arena.set(trace("G_XY"), SHARED);
      schedule.enterMessage2();
      expect(hexAt(TH_2 + 2, 32)).toBe(hexOf(trace("TH_2 (Raw")));
      expect(hexAt(PRK_2E, 32)).toBe(hexOf(trace("PRK_2e (Raw")));

      if (isStatic) {
        arena.set(trace("G_RX"), SHARED);
        schedule.bindResponder();
        expect(hexAt(SALT, 32)).toBe(hexOf(trace("SALT_3e2m (Raw")));
      } else {
        operations.copy(PRK_3E2M, PRK_2E, 32);
      }
      expect(hexAt(PRK_3E2M, 32)).toBe(hexOf(trace("PRK_3e2m (Raw")));
      const macBytes = isStatic ? 8 : 32;
      arena.set(trace("context_2 (CBOR byte string)"), CONTEXT);
      operations.kdf(PRK_3E2M, CONTEXT, (macBytes << 16) | 2, MAC);
      expect(hexAt(MAC, macBytes)).toBe(hexOf(trace("MAC_2 (Raw")));

      const plaintext2 = trace("PLAINTEXT_2");
      const credentialR = trace("CRED_R (CBOR");
      arena.set(plaintext2, PLAINTEXT);
      arena.set(credentialR, OWN_CREDENTIAL);
      schedule.closeMessage2(PLAINTEXT, plaintext2.length, OWN_CREDENTIAL, credentialR.length);
      expect(hexAt(TH_3 + 2, 32)).toBe(hexOf(trace("TH_3 (Raw")));
      expect(hexAt(AEAD, 16)).toBe(hexOf(trace("K_3 (Raw")));
      expect(hexAt(AEAD_NONCE, 13)).toBe(hexOf(trace("IV_3 (Raw")));
      expect(hexAt(MESSAGE_AAD + 1, 45)).toBe(hexOf(trace("A_3 (CBOR")));

      if (isStatic) {
        arena.set(trace("G_IY"), SHARED);
        schedule.bindInitiator();
        expect(hexAt(SALT, 32)).toBe(hexOf(trace("SALT_4e3m (Raw")));
      } else {
        operations.copy(PRK_4E3M, PRK_3E2M, 32);
      }
      expect(hexAt(PRK_4E3M, 32)).toBe(hexOf(trace("PRK_4e3m (Raw")));
      arena.set(trace("context_3 (CBOR byte string)"), CONTEXT);
      operations.kdf(PRK_4E3M, CONTEXT, (macBytes << 16) | 6, MAC);
      expect(hexAt(MAC, macBytes)).toBe(hexOf(trace("MAC_3 (Raw")));

      const plaintext3 = trace("PLAINTEXT_3");
      const credentialI = trace("CRED_I (CBOR");
      arena.set(plaintext3, PLAINTEXT);
      arena.set(credentialI, OWN_CREDENTIAL);
      schedule.closeMessage3(PLAINTEXT, plaintext3.length, OWN_CREDENTIAL, credentialI.length);
      expect(hexAt(TH_4 + 2, 32)).toBe(hexOf(trace("TH_4 (Raw")));
      operations.seal(AEAD, MESSAGE_AAD, PLAINTEXT, plaintext3.length);
      expect(hexAt(PLAINTEXT, plaintext3.length + 8)).toBe(hexOf(trace("CIPHERTEXT_3")));

      schedule.enterMessage4();
      expect(hexAt(AEAD, 16)).toBe(hexOf(trace("K_4 (Raw")));
      expect(hexAt(AEAD_NONCE, 13)).toBe(hexOf(trace("IV_4 (Raw")));
      operations.seal(AEAD, MESSAGE_AAD, PLAINTEXT, 0);
      expect(hexAt(PLAINTEXT, 8)).toBe(hexOf(trace("CIPHERTEXT_4")));
      schedule.exportRecordKeys();
      expect(hexAt(PRK_OUT, 32)).toBe(hexOf(trace("PRK_out (Raw")));
      expect(hexAt(PRK_EXPORTER, 32)).toBe(hexOf(trace("PRK_exporter (Raw")));
    },
  );
});
