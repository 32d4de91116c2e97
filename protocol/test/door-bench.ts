// SPDX-License-Identifier: EUPL-1.2
// Measures a door session, both sides, against the bare operations of the same library that it is
// made of: `node protocol/test/door-bench.ts`. Bare means X25519, Ed25519, HMAC, SHA-256 and AES on
// the very inputs of the session, with key objects made before; imports are measured apart.

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hash,
  type KeyObject,
  verify,
} from "node:crypto";
import { createNodeCrypto } from "../src/host.ts";
import type { CryptoPort } from "../src/index.ts";
import {
  keySide,
  lockSide,
  makeWorld,
  playPrepared,
  prepareShow,
  trustOf,
} from "./door-fixture.ts";

const ROUNDS = 30;
const SESSIONS = 40;

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
      note(
        "hash",
        () => hash("sha256", input, "buffer"),
        () => port.hash(input),
      );
      return port.hash(message);
    },
    hmac(key, message) {
      const [macKey, input] = [key.slice(), message.slice()];
      note(
        "hmac",
        () => createHmac("sha256", macKey).update(input).digest(),
        () => port.hmac(macKey, input),
      );
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

const processorUs = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** Processor time of one call of each in microseconds, the least of many rounds taken in turn. */
function microseconds(runs: readonly (() => void)[]): number[] {
  const least = runs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, run] of runs.entries()) {
      const start = processorUs();
      for (let count = 0; count < SESSIONS; count += 1) run();
      const each = (processorUs() - start) / SESSIONS;
      least[index] = Math.min(least[index] ?? each, each);
    }
  }
  return least;
}

/**
 * One side by side measurement.
 *
 * @param isFirst - true when each side verifies the other's signature, false when it is known
 */
function measure(isFirst: boolean) {
  const recorded: Recorded[] = [];
  let port = createNodeCrypto();
  const delegating: CryptoPort = {
    hash: (...given) => port.hash(...given),
    hmac: (...given) => port.hmac(...given),
    seal: (...given) => port.seal(...given),
    open: (...given) => port.open(...given),
    importVerificationKey: (...given) => port.importVerificationKey(...given),
    importSigningKey: (...given) => port.importSigningKey(...given),
    importAgreementKey: (...given) => port.importAgreementKey(...given),
  };
  const world = makeWorld(delegating, 4000);
  const key = keySide(world);
  const locks = [lockSide(world, trustOf(world)), lockSide(world, trustOf(world, {}, "other"))];
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
  for (let warm = 0; warm < 200; warm += 1) session();

  const plain = port;
  port = recording(plain, recorded, new Set());
  const recordedWorld = makeWorld(port, 4000);
  const recordedKey = keySide(recordedWorld);
  const recordedLock = lockSide(recordedWorld, trustOf(recordedWorld));
  const other = prepareShow(recordedWorld, { ringseq: 70_001 });
  const show = prepareShow(recordedWorld, {});
  playPrepared(recordedKey, recordedLock, isFirst ? other : show);
  if (isFirst) recordedKey.door.load(recordedKeyTrust());
  recorded.length = 0;
  playPrepared(recordedKey, recordedLock, show);
  port = plain;

  function recordedKeyTrust() {
    const { kid, key: signing } = recordedWorld.deviceSigner;
    const anchors = [{ authority: 1, kid, publicKey: signing.publicKey }];
    return { agreementSecret: recordedWorld.keySecret, anchors };
  }

  const counts: Partial<Record<Operation, number>> = {};
  for (const { operation } of recorded) counts[operation] = (counts[operation] ?? 0) + 1;
  // The entropy of the fixture is SHA-256 as well; a session itself asks for none of it.
  const bare = recorded.filter(({ operation }) => operation !== "import");
  const imports = recorded.filter(({ operation }) => operation === "import");
  const replay = (items: readonly Recorded[]) => () => {
    for (const { bare: run } of items) run();
  };
  const replayPorted = () => {
    for (const { ported } of bare) ported();
  };
  const [sessionUs = 0, bareUs = 0, portUs = 0, importUs = 0] = microseconds([
    session,
    replay(bare),
    replayPorted,
    replay(imports),
  ]);
  const ownUs = sessionUs - importUs;
  const ratios = { ratio: ownUs / bareUs, ratioToPort: ownUs / portUs };
  return { counts, values: { sessionUs, bareUs, portUs, importUs, ...ratios } };
}

for (const isFirst of [true, false]) {
  const name = isFirst ? "door session, new credentials" : "door session, known credentials";
  const { counts, values } = measure(isFirst);
  const rounded = Object.entries(values).map(([key, value]) => [key, Number(value.toFixed(2))]);
  process.stdout.write(`${JSON.stringify({ name, ...Object.fromEntries(rounded), counts })}\n`);
}
