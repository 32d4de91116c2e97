// SPDX-License-Identifier: EUPL-1.2
// A credential for each kind of slot of the sample ring, and the anchor file that verifies them.

import { bytesOfHex } from "../bytes.ts";
import { devidOf } from "../cose/ids.ts";
import { decodeAnchorFile, encodeAnchorFile } from "../credential/anchor-file.ts";
import { type Credential, decodeCredential, encodeCredential } from "../credential/credential.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import { signRingHead } from "../cwt/ring-head.ts";
import * as types from "../message/types.ts";
import { ringSecret, slotBytes } from "../ring/leaf.ts";
import { inclusionPath, ringRoot } from "../ring/tree.ts";
import { SAMPLE_SECRETS, SAMPLE_SHIFT_S, signedSamples } from "./samples.ts";
import { testKeys, testSecret, unwrap } from "./testing.ts";
import { SAMPLE_RINGS, SAMPLE_SHARED_SECRET, type UnsignedSample } from "./unsigned-samples.ts";

/** The credentials of the sample ring: a door, a group, and a ring of one leaf. */
export function credentialSamples(crypto: CryptoPort): readonly UnsignedSample[] {
  const [, slots] = SAMPLE_RINGS;
  const emergency = slots.slice(0, 1);
  return [
    sampleOf("credential, a door", credentialOf(crypto, slots, 2)),
    sampleOf("credential, a group", credentialOf(crypto, slots, 5)),
    sampleOf("credential, alone in its ring", credentialOf(crypto, emergency, 0)),
    anchorSample(crypto),
  ];
}

function sampleOf(name: string, credential: Credential): UnsignedSample {
  const bytes = encodeCredential(credential);
  const fields = unwrap(decodeCredential(bytes));
  return { rule: "credential", name, bytes, fields, read: decodeCredential };
}

function credentialOf(
  crypto: CryptoPort,
  slots: (typeof SAMPLE_RINGS)[number],
  index: number,
): Credential {
  const secret = ringSecret(crypto, SAMPLE_SHARED_SECRET);
  const key = testKeys(crypto, SAMPLE_SECRETS.key).anchor.key.publicKey;
  const head = signRingHead(
    {
      expS: SAMPLE_SHIFT_S + types.EMERGENCY_S_MAX - 600,
      nbfS: SAMPLE_SHIFT_S,
      iatS: SAMPLE_SHIFT_S - 600,
      holder: {
        devid: devidOf(crypto, key),
        publicKey: crypto.importAgreementKey(testSecret(SAMPLE_SECRETS.key)).publicKey,
      },
      ringseq: 65538,
      size: slots.length,
      root: ringRoot(crypto, secret, slots),
      flags: slots.length === 1 ? types.FLAG_EMERGENCY : types.FLAG_CLOCK_UNKNOWN_OK,
      needlist: 12,
    },
    testKeys(crypto, SAMPLE_SECRETS.rings).signer,
  );
  return {
    head,
    index,
    leaf: slotBytes(crypto, secret, slots[index] ?? null),
    path: inclusionPath(crypto, secret, slots, index),
  };
}

function anchorSample(crypto: CryptoPort): UnsignedSample {
  const rootKey = testKeys(crypto, SAMPLE_SECRETS.root).anchor.key.publicKey;
  const certificate = signedSamples(crypto).find(({ name }) => name === "issuer-cert");
  const certificates = [certificate?.bytes ?? bytesOfHex("")];
  const bytes = encodeAnchorFile({ rootKey, certificates });
  const fields = unwrap(decodeAnchorFile(bytes));
  return { rule: "anchor-file", name: "anchor-file", bytes, fields, read: decodeAnchorFile };
}
