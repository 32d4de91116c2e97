// SPDX-License-Identifier: EUPL-1.2
// Runs on the interpreter: the crypto port of a device against published values.

import { bytesOfHex, hexOf } from "@nyckelring/protocol";

import { createAes128 } from "../../src/espruino/aes128.ts";
import { createDeviceCrypto } from "../../src/espruino/crypto.ts";
import { createEntropy, readSystemWord } from "../../src/espruino/entropy.ts";
import { bindPrimitives } from "../../src/espruino/primitives.ts";

const primitives = bindPrimitives();
const crypto = createDeviceCrypto(primitives);

function report(name: string, value: string): void {
  print(`sample ${name} ${value}`);
}

report("sha256-empty", hexOf(crypto.hash(new Uint8Array(0))));
report("sha256-abc", hexOf(crypto.hash(bytesOfHex("616263"))));
// RFC 4231 §4.3.
const text = bytesOfHex("7768617420646f2079612077616e7420666f72206e6f7468696e673f");
report("hmac", hexOf(crypto.hmac(bytesOfHex("4a656665"), text)));

const key = bytesOfHex("2b7e151628aed2a6abf7158809cf4f3c");
const block = bytesOfHex("3243f6a8885a308d313198a2e0370734");
report("aes-built-in", hexOf(primitives.encryptBlocks(key, block)));
report("aes-own", hexOf(createAes128().encryptBlocks(key, block)));

const sealed = crypto.seal(key, new Uint8Array(13), text, block, 8);
report("ccm", hexOf(sealed));
const opened = crypto.open(key, new Uint8Array(13), text, sealed, 8);
report("ccm-opened", opened.ok ? hexOf(opened.value) : "refused");
sealed[0] = (sealed[0] as number) ^ 1;
report(
  "ccm-altered",
  crypto.open(key, new Uint8Array(13), text, sealed, 8).ok ? "opened" : "refused",
);

// Any 32 octets are a peer's public key on one of the two curves.
const PEER = "0f20202020202020202020202020202020202020202020202020202020202020";
const secret = new Uint8Array(32).fill(0x42);
const agreement = crypto.importAgreementKey(secret);
report("x25519-public", hexOf(agreement.publicKey));
const shared = agreement.agree(bytesOfHex(PEER));
report("x25519-shared", shared.ok ? hexOf(shared.value) : "refused");
const zero = agreement.agree(new Uint8Array(32));
report("x25519-zero", zero.ok ? "agreed" : "refused");

const signing = crypto.importSigningKey(secret);
report("ed25519-public", hexOf(signing.publicKey));
const signature = signing.sign(text);
report("ed25519-signature", hexOf(signature));
const verification = crypto.importVerificationKey(signing.publicKey);
if (verification.ok) {
  report("ed25519-verified", String(verification.value.verify(text, signature)));
  report("ed25519-other-text", String(verification.value.verify(block, signature)));
}

const random = new Uint8Array(64);
createEntropy(crypto, readSystemWord).fill(random, 0, 64);
report("entropy-length", String(random.length));
report("entropy", hexOf(random));
print("samples-end");
