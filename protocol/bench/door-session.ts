// SPDX-License-Identifier: EUPL-1.2
// Measures a door session, both sides, against the bare operations of the same library that it is
// made of. Bare means X25519, Ed25519, HMAC, SHA-256 and AES on the very inputs of the session, with
// key objects made before; imports are measured apart.

import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  randomBytes,
  verify,
} from "node:crypto";
import { createNodeCrypto } from "../src/host.ts";
import type { AgreementKey, ArenaOperations, CryptoPort } from "../src/index.ts";
import {
  keySide,
  lockSide,
  makeWorld,
  playPrepared,
  prepareShow,
  trustOf,
} from "../test/door-fixture.ts";
import { bareHash, bareHmac } from "./bare.ts";
import { type Figure, informingFigure, measureInTurn, timeFigure } from "./figure.ts";

const WARM_UP = 500;
const TURNS = 80;

/** The largest good ratio of a session to its bare operations. */
const SESSION_GOAL = 1.3;

type Operation = "x25519" | "verify" | "hmac" | "hash" | "aes" | "import";
interface Recorded {
  readonly operation: Operation;
  /** The call on Node's own functions. */
  readonly bare: () => unknown;
  /** The same call on the crypto port. */
  readonly ported: () => unknown;
}

const privateHead = { x25519: "302e020100300506032b656e04220420" };
const publicHead = { x25519: "302a300506032b656e032100", ed25519: "302a300506032b6570032100" };

function privateKeyOf(secret: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from(privateHead.x25519, "hex"), secret]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

function publicKeyOf(curve: "x25519" | "ed25519", octets: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from(publicHead[curve], "hex"), octets]);
  return createPublicKey({ key, format: "der", type: "spki" });
}

/** A crypto port that writes down what it is asked, as bare calls on keys made before. */
function recording(port: CryptoPort, recorded: Recorded[], peers: Set<string>): CryptoPort {
  const note = (operation: Operation, bare: () => unknown, ported = bare) =>
    recorded.push({ operation, bare, ported });
  return {
    ...port,
    hash(message) {
      const input = message.slice();
      note("hash", bareHash(input), () => port.hash(input));
      return port.hash(message);
    },
    hmac(key, message) {
      const [macKey, input] = [key.slice(), message.slice()];
      note("hmac", bareHmac(macKey, input), () => port.hmac(macKey, input));
      return port.hmac(key, message);
    },
    seal(key, nonce, additional, plaintext, tagBytes) {
      const [k, n, a, p] = [key.slice(), nonce.slice(), additional.slice(), plaintext.slice()];
      const ported = () => port.seal(k, n, a, p, tagBytes);
      const bare = () => {
        const cipher = createCipheriv("aes-128-ccm", k, n, { authTagLength: tagBytes });
        cipher.setAAD(a, { plaintextLength: p.length });
        return [cipher.update(p), cipher.final(), cipher.getAuthTag()];
      };
      note("aes", bare, ported);
      return port.seal(key, nonce, additional, plaintext, tagBytes);
    },
    open(key, nonce, additional, sealed, tagBytes) {
      const [k, n, a, s] = [key.slice(), nonce.slice(), additional.slice(), sealed.slice()];
      const ported = () => port.open(k, n, a, s, tagBytes);
      const bare = () => {
        const end = s.length - tagBytes;
        const cipher = createDecipheriv("aes-128-ccm", k, n, { authTagLength: tagBytes });
        cipher.setAAD(a, { plaintextLength: end });
        cipher.setAuthTag(s.subarray(end));
        return [cipher.update(s.subarray(0, end)), cipher.final()];
      };
      note("aes", bare, ported);
      return port.open(key, nonce, additional, sealed, tagBytes);
    },
    importVerificationKey(octets) {
      const imported = port.importVerificationKey(octets);
      if (!imported.ok) return imported;
      const key = publicKeyOf("ed25519", octets);
      return {
        ok: true,
        value: {
          publicKey: imported.value.publicKey,
          verify(message, signature) {
            const [m, s] = [message.slice(), signature.slice()];
            note(
              "verify",
              () => verify(null, m, key, s),
              () => imported.value.verify(m, s),
            );
            return imported.value.verify(message, signature);
          },
        },
      };
    },
    importAgreementKey(secret) {
      const copy = secret.slice();
      note("import", () =>
        createPublicKey(privateKeyOf(copy)).export({ format: "der", type: "spki" }),
      );
      const imported = port.importAgreementKey(secret);
      const privateKey = privateKeyOf(secret);
      return {
        publicKey: imported.publicKey,
        agree(peer) {
          const name = Buffer.from(peer).toString("hex");
          const octets = peer.slice();
          if (!peers.has(name)) note("import", () => publicKeyOf("x25519", octets));
          peers.add(name);
          const publicKey = publicKeyOf("x25519", octets);
          note(
            "x25519",
            () => diffieHellman({ privateKey, publicKey }),
            () => imported.agree(octets),
          );
          return imported.agree(peer);
        },
      };
    },
  };
}

// Every session draws the same ephemeral key, so that all its keys can be made before.
function withSameChance(operations: ArenaOperations, arena: Uint8Array): ArenaOperations {
  let drawn: Uint8Array | undefined;
  return {
    ...operations,
    random(at, bytes) {
      drawn ??= randomBytes(64);
      arena.set(drawn.subarray(0, bytes), at);
    },
  };
}

/** The port with one agreement key for each secret, as if every key had been made before. */
function keepingAgreementKeys(port: CryptoPort): CryptoPort {
  const made = new Map<string, AgreementKey>();
  return {
    ...port,
    importAgreementKey(secret) {
      const name = Buffer.from(secret).toString("latin1");
      const key = made.get(name) ?? port.importAgreementKey(secret);
      made.set(name, key);
      return key;
    },
  };
}

/** What one session asks of the crypto port, both sides together. */
function recordSession(isFirst: boolean): readonly Recorded[] {
  const recorded: Recorded[] = [];
  const world = makeWorld(recording(createNodeCrypto(), recorded, new Set()), 4000);
  const key = keySide(world, "key", withSameChance);
  const lock = lockSide(world, trustOf(world), "lock", withSameChance);
  const other = prepareShow(world, { ringseq: 70_001 });
  const show = prepareShow(world, {});
  playPrepared(key, lock, isFirst ? other : show);
  if (isFirst) {
    const { kid, key: signing } = world.deviceSigner;
    const anchors = [{ authority: 1, kid, publicKey: signing.publicKey }];
    key.door.load({ agreementSecret: world.keySecret, anchors });
  }
  recorded.length = 0;
  playPrepared(key, lock, show);
  return recorded;
}

/**
 * One side by side measurement.
 *
 * @param rounds - each begins with an empty heap
 * @param isFirst - true when each side verifies the other's signature, false when it is known
 */
function measure(rounds: number, isFirst: boolean): readonly Figure[] {
  const world = makeWorld(keepingAgreementKeys(createNodeCrypto()), 4000);
  const key = keySide(world, "key", withSameChance);
  const locks = ["lock", "other"].map((name) =>
    lockSide(world, trustOf(world, {}, name), name, withSameChance),
  );
  const shows = [prepareShow(world, {}), prepareShow(world, { ringseq: 70_001 })];
  let count = 0;
  // Two locks and two heads in turn make every credential a new one, one of each a known one.
  const session = () => {
    const lock = locks[isFirst ? count & 1 : 0];
    const show = shows[isFirst ? (count >> 1) & 1 : 0];
    count += 1;
    if (lock === undefined || show === undefined) throw new Error("no such pair");
    playPrepared(key, lock, show);
  };

  const recorded = recordSession(isFirst);
  const bare = recorded.filter(({ operation }) => operation !== "import");
  const imports = recorded.filter(({ operation }) => operation === "import");
  const replay = (items: readonly Recorded[]) => () => {
    for (const { bare: run } of items) run();
  };
  const replayPorted = () => {
    for (const { ported } of bare) ported();
  };
  const runs = [session, replay(bare), replayPorted, replay(imports)];
  const turns = { rounds, warmUp: WARM_UP, turns: TURNS };
  const [valueUs = 0, limitUs = 0, portUs = 0, importUs = 0] = measureInTurn(runs, turns);
  const name = `door session, both sides, ${isFirst ? "first meeting" : "credentials known"}`;
  return [
    timeFigure(name, { valueUs, limitUs }, SESSION_GOAL),
    informingFigure(`${name}: the same operations through the crypto port`, portUs),
    informingFigure(`${name}: key generation and imports, not in the value`, importUs),
  ];
}

/** Sessions between strangers, where each side verifies a signature, and between acquaintances. */
export function benchDoorSession(rounds: number): readonly Figure[] {
  return [...measure(rounds, true), ...measure(rounds, false)];
}

/** The messages of one session under a ring of 4000, without framing. */
export function doorMessages(): readonly Uint8Array[] {
  const world = makeWorld(createNodeCrypto(), 4000);
  const { m1, m2, m3, m4 } = playPrepared(
    keySide(world),
    lockSide(world, trustOf(world)),
    prepareShow(world, {}),
  );
  return [m1, m2, m3, m4];
}
