// SPDX-License-Identifier: EUPL-1.2
// Files of a guest authority's key: the same number twice, once for a door of its own and once for
// a door at a lock of another authority.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  encodeAnchorFile,
  encodeCredential,
  inclusionPath,
  kidOf,
  LEAF_DOOR,
  LEAF_FOREIGN,
  LEVEL_RINGS,
  OPS_ALL,
  ringRoot,
  type Signer,
  signIssuerCertificate,
  signRingHead,
  slotBytes,
} from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";

const DAY_S = 86_400;

/** The authority whose key it is, and the one that owns the shared lock. */
export const GUEST = 7;
export const HOST = 212;
/** Number of both doors, each in its own authority's numbers. */
export const DOOR = 1001;

/**
 * Writes `anchor.cbor`, `own.cbor` and `shared.cbor`.
 *
 * @param nbfS - Begin of the ring's window, seconds UTC.
 */
export function writeSharedDoor(folder: string, nbfS: number): void {
  const crypto = createNodeCrypto();
  const signerOf = (seed: number): Signer => {
    const key = crypto.importSigningKey(new Uint8Array(32).fill(seed));
    return { kid: kidOf(crypto, key.publicKey), key };
  };
  const [root, rings] = [signerOf(1), signerOf(2)];
  const certificate = signIssuerCertificate(
    {
      expS: nbfS + 365 * DAY_S,
      iatS: nbfS - DAY_S,
      issuer: { kid: rings.kid, publicKey: rings.key.publicKey },
      level: LEVEL_RINGS,
      issuerEpoch: 1,
      authority: GUEST,
    },
    root,
  );
  const secret = new Uint8Array(32).fill(3);
  const leaf = (kind: number) => ({ kind, target: DOOR, ops: OPS_ALL, untilS: nbfS + DAY_S });
  const slots = [leaf(LEAF_DOOR), leaf(LEAF_FOREIGN + HOST)];
  const publicKey = crypto.importAgreementKey(new Uint8Array(32).fill(4)).publicKey;
  const head = signRingHead(
    {
      expS: nbfS + DAY_S / 2,
      nbfS,
      iatS: nbfS - 600,
      holder: { devid: new Uint8Array(8).fill(5), publicKey },
      ringseq: 9,
      size: slots.length,
      root: ringRoot(crypto, secret, slots),
      flags: 0,
      needlist: 0,
    },
    rings,
  );
  const anchor = encodeAnchorFile({ rootKey: root.key.publicKey, certificates: [certificate] });
  writeFileSync(join(folder, "anchor.cbor"), anchor);
  for (const [index, name] of ["own.cbor", "shared.cbor"].entries()) {
    const credential = {
      head,
      index,
      leaf: slotBytes(crypto, secret, slots[index] ?? null),
      path: inclusionPath(crypto, secret, slots, index),
    };
    writeFileSync(join(folder, name), encodeCredential(credential));
  }
}
