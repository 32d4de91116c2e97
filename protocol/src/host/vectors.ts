// SPDX-License-Identifier: EUPL-1.2
// What the frozen files of protocol/vectors hold, made anew from fixed secrets. A change of the wire
// format shows as a difference there and nowhere else first.

import { hexOf } from "../bytes.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import { decodeLogBatch } from "../event-log/batch.ts";
import { chainNext, chainStart } from "../event-log/entry.ts";
import { encodeFrames } from "../link/frame.ts";
import * as types from "../message/types.ts";
import { type Leaf, ringSecret, saltOf, slotBytes } from "../ring/leaf.ts";
import { inclusionPath, leafHash, ringRoot } from "../ring/tree.ts";
import { credentialSamples } from "./credential-samples.ts";
import { SAMPLE_SECRETS, signedSamples } from "./samples.ts";
import { testSecret, unwrap } from "./testing.ts";
import {
  SAMPLE_RINGS,
  SAMPLE_SEAL_COUNTER,
  SAMPLE_SHARED_SECRET,
  SAMPLE_STATION,
  unsignedSamples,
} from "./unsigned-samples.ts";

/** One file: its name without extension, and what it holds. */
export interface VectorFile {
  readonly name: string;
  readonly content: object;
}

/** All files, with octets as hexadecimal text. */
export function makeVectors(crypto: CryptoPort): readonly VectorFile[] {
  const unsigned = [...unsignedSamples(crypto), ...credentialSamples(crypto)];
  const of = (...rules: readonly string[]) =>
    unsigned
      .filter((sample) => rules.includes(sample.rule))
      .map(({ rule, name, bytes, fields }) => ({ rule, name, bytes, fields }));
  return [
    { name: "signed-objects", content: plain(signedContent(crypto)) },
    {
      name: "ring",
      content: plain({
        note: "The tree of the sample ring; slot 1 is a tombstone, slot 5 a group.",
        sharedSecret: SAMPLE_SHARED_SECRET,
        ...ringContent(crypto),
        structures: of("salted-leaf", "presentation", "ring-delta", "ring-bundle"),
      }),
    },
    {
      name: "credential",
      content: plain({
        note: "Credentials of the sample ring of ring.json; the anchor file alone verifies them.",
        structures: of("credential", "anchor-file"),
      }),
    },
    {
      name: "log",
      content: plain({
        note: "A batch of three entries with its chain, and the batch sealed to the issuer.",
        sharedSecret: SAMPLE_SHARED_SECRET,
        counter: SAMPLE_SEAL_COUNTER,
        chain: chainContent(crypto),
        structures: of("entry", "log-batch", "sealed"),
      }),
    },
    {
      name: "link",
      content: plain({
        note: "Frames of a message of each length around a fragment's end, and the contact's own.",
        frames: frameContent(),
        structures: of("hello", "hello-answer", "key-station"),
      }),
    },
    {
      name: "station-issuer",
      content: plain({
        note: "Messages over the broker, each with a MAC under the command key of the station.",
        station: SAMPLE_STATION.stationId,
        commandKey: SAMPLE_STATION.commandKey,
        structures: of("up", "down"),
      }),
    },
  ];
}

/** The text of one file. */
export function vectorText(file: VectorFile): string {
  return `${JSON.stringify(file.content, null, 2)}\n`;
}

function signedContent(crypto: CryptoPort): object {
  const signers = Object.entries(SAMPLE_SECRETS).map(([name, octet]) => {
    const secret = testSecret(octet);
    return {
      name,
      secret,
      ed25519: crypto.importSigningKey(secret).publicKey,
      x25519: crypto.importAgreementKey(secret).publicKey,
    };
  });
  return {
    note: "Every signed kind; a device uses one secret for both curves here, never in the field.",
    signers,
    objects: signedSamples(crypto).map(({ name, typ, fields, bytes, anchor }) => ({
      name,
      typ,
      kid: anchor.kid,
      publicKey: anchor.key.publicKey,
      fields,
      bytes,
    })),
  };
}

function ringContent(crypto: CryptoPort): object {
  const secret = ringSecret(crypto, SAMPLE_SHARED_SECRET);
  const slots = SAMPLE_RINGS[1];
  return {
    ringSecret: secret,
    root: ringRoot(crypto, secret, slots),
    rootBefore: ringRoot(crypto, secret, SAMPLE_RINGS[0]),
    slots: slots.map((leaf: Leaf | null, slot) => ({
      leaf,
      salt: leaf === null ? null : saltOf(crypto, secret, leaf),
      hashed: slotBytes(crypto, secret, leaf),
      hash: leafHash(crypto, slotBytes(crypto, secret, leaf)),
      path: inclusionPath(crypto, secret, slots, slot),
    })),
  };
}

function chainContent(crypto: CryptoPort): object {
  const sample = unsignedSamples(crypto).find(({ rule }) => rule === "log-batch");
  if (sample === undefined) throw new Error("there is no sample of a batch");
  let value = chainStart();
  return unwrap(decodeLogBatch(sample.bytes)).entries.map((entry) => {
    value = chainNext(crypto, value, entry);
    return { entry, chain: value };
  });
}

function frameContent(): object {
  return [0, 1, 240, 241, 500].map((bytes) => {
    const message = new Uint8Array(bytes).map((_, index) => index & 0xff);
    return { kind: types.LINK_RECORD, message, frames: encodeFrames(types.LINK_RECORD, message) };
  });
}

// JSON knows no octets: each octet string becomes hexadecimal text.
function plain(value: object): object {
  const text = JSON.stringify(value, (_key, member: unknown) =>
    member instanceof Uint8Array ? hexOf(member) : member,
  );
  return JSON.parse(text) as object;
}
