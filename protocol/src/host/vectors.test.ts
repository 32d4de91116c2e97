// SPDX-License-Identifier: EUPL-1.2
import {
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  hkdfSync,
  verify,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { Decoder, Encoder } from "cbor-x";
import { describe, expect, test } from "vitest";
import { createNobleCrypto } from "./noble-crypto.ts";
import { createNodeCrypto } from "./node-crypto.ts";
import { makeVectors, vectorText } from "./vectors.ts";

// From here on nothing of this package is called but in the first test: the frozen files are read
// with cbor-x and judged with Node's crypto, as a stranger's implementation would.

const OPTIONS = {
  useRecords: false,
  mapsAsObjects: false,
  variableMapSize: true,
  tagUint8Array: false,
} as const;
const decoder = new Decoder(OPTIONS);
const encoder = new Encoder(OPTIONS);

interface Structure {
  readonly rule: string;
  readonly name: string;
  readonly bytes: string;
}

function read<T>(name: string): T {
  const url = new URL(`../../vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as T;
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}

function decoded(hex: string): unknown[] {
  return decoder.decode(bytesOf(hex)) as unknown[];
}

function encoded(value: unknown): Buffer {
  return Buffer.from(encoder.encode(value));
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  return createHash("sha256").update(Buffer.concat(parts)).digest();
}

function isSigned(publicKey: string, message: Uint8Array, signature: Uint8Array): boolean {
  const x = bytesOf(publicKey).toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return verify(null, message, key, signature);
}

describe("the frozen vectors", () => {
  test.each([
    ["node", createNodeCrypto()],
    ["noble", createNobleCrypto()],
  ] as const)("are what the code gives with the %s port, byte for byte", (_name, crypto) => {
    for (const file of makeVectors(crypto)) {
      const url = new URL(`../../vectors/${file.name}.json`, import.meta.url);
      expect(vectorText(file), file.name).toBe(readFileSync(url, "utf8"));
    }
  });

  test("hold signed objects that cbor-x and Node read and verify", () => {
    interface SignedObject {
      readonly name: string;
      readonly typ: number;
      readonly kid: string;
      readonly publicKey: string;
      readonly bytes: string;
    }
    const { objects } = read<{ objects: readonly SignedObject[] }>("signed-objects");
    expect(objects.length).toBe(12);
    for (const object of objects) {
      const parts = decoded(object.bytes) as [Buffer, Map<number, unknown>, Buffer, Buffer];
      const [header, unprotected, payload, signature] = parts;
      const fields = decoder.decode(header) as Map<number, unknown>;
      expect([...fields.keys()], object.name).toEqual([1, 4, 16]);
      expect(fields.get(1)).toBe(-19);
      expect(Buffer.from(fields.get(4) as Uint8Array).toString("hex")).toBe(object.kid);
      expect(fields.get(16)).toBe(object.typ);
      expect(unprotected.size).toBe(0);
      expect(sha256(bytesOf(object.publicKey)).toString("hex").slice(0, 8)).toBe(object.kid);
      const message = encoded(["Signature1", header, Buffer.alloc(0), payload]);
      expect(isSigned(object.publicKey, message, signature), object.name).toBe(true);
      expect(decoder.decode(payload)).toBeTypeOf("object");
    }
  });

  test("hold a ring whose root follows from the words of RFC 9162", () => {
    interface Slot {
      readonly leaf: { kind: number; target: number; ops: number; untilS: number } | null;
      readonly salt: string | null;
      readonly hashed: string;
      readonly hash: string;
    }
    interface Ring {
      readonly sharedSecret: string;
      readonly ringSecret: string;
      readonly root: string;
      readonly slots: readonly Slot[];
      readonly structures: readonly Structure[];
    }
    const ring = read<Ring>("ring");
    const secret = Buffer.from(
      hkdfSync("sha256", bytesOf(ring.sharedSecret), "", "nyckel ring 1", 32),
    );
    expect(secret.toString("hex")).toBe(ring.ringSecret);
    const hashes = ring.slots.map((slot) => {
      if (slot.leaf === null) {
        expect(slot.hashed).toBe("");
        return sha256(Buffer.from([0]));
      }
      const { kind, target, ops, untilS } = slot.leaf;
      const bare = encoded([kind, target, ops, untilS]);
      const salt = createHmac("sha256", secret).update(bare).digest().subarray(0, 8);
      const salted = encoded([kind, target, ops, untilS, salt]);
      expect([salt.toString("hex"), salted.toString("hex")]).toEqual([slot.salt, slot.hashed]);
      return sha256(Buffer.from([0]), salted);
    });
    const rootOf = (nodes: readonly Buffer[]): Buffer => {
      const [only] = nodes;
      if (nodes.length === 1 && only !== undefined) return only;
      let split = 1;
      while (split * 2 < nodes.length) split *= 2;
      return sha256(Buffer.from([1]), rootOf(nodes.slice(0, split)), rootOf(nodes.slice(split)));
    };
    expect(rootOf(hashes).toString("hex")).toBe(ring.root);
    const delta = ring.structures.find(({ name }) => name === "ring-delta, a change");
    const [, next, changes] = decoded(delta?.bytes ?? "") as [unknown, Uint8Array, unknown[][]];
    expect(Buffer.from(next).toString("hex")).toBe(ring.root.slice(0, 32));
    expect(changes.map(([first, slots]) => [first, (slots as unknown[]).length])).toEqual([
      [1, 1],
      [5, 1],
    ]);
  });

  test("hold credentials that a stranger verifies with the anchor file alone", () => {
    const { structures } = read<{ structures: readonly Structure[] }>("credential");
    const file = structures.find(({ rule }) => rule === "anchor-file");
    const [rootKey, certificates] = decoded(file?.bytes ?? "") as [Buffer, Buffer[]];
    const opened = (bytes: Buffer, publicKey: Uint8Array) => {
      const parts = decoder.decode(bytes) as [Buffer, unknown, Buffer, Buffer];
      const [header, , payload, signature] = parts;
      const message = encoded(["Signature1", header, Buffer.alloc(0), payload]);
      const key = Buffer.from(publicKey).toString("hex");
      expect(isSigned(key, message, signature)).toBe(true);
      return decoder.decode(payload) as Map<number, unknown>;
    };
    const certificate = opened(certificates[0] ?? Buffer.alloc(0), rootKey);
    const cnf = certificate.get(8) as Map<number, Map<number, Buffer>>;
    const ringKey = cnf.get(1)?.get(-2) ?? Buffer.alloc(0);
    const credentials = structures.filter(({ rule }) => rule === "credential");
    expect(credentials.length).toBe(3);
    for (const { name, bytes } of credentials) {
      type Parts = [head: Buffer, index: number, leaf: Buffer, path: Buffer];
      const [head, index, leaf, path] = decoded(bytes) as Parts;
      const ring = opened(head, ringKey).get(-65537) as [number, number, Buffer];
      let node = sha256(Buffer.from([0]), leaf);
      let at = 0;
      let place = index;
      for (let last = ring[1] - 1; last > 0; last >>= 1, place >>= 1) {
        if (place % 2 === 0 && place === last) continue;
        const sibling = path.subarray(at, at + 32);
        at += 32;
        const pair = place % 2 === 1 ? [sibling, node] : [node, sibling];
        node = sha256(Buffer.from([1]), ...pair);
      }
      expect(at, name).toBe(path.length);
      expect(node.toString("hex"), name).toBe(Buffer.from(ring[2]).toString("hex"));
    }
  });

  test("hold a log whose chain, head and seal Node confirms", () => {
    interface Log {
      readonly sharedSecret: string;
      readonly counter: number;
      readonly chain: readonly { entry: string; chain: string }[];
      readonly structures: readonly Structure[];
    }
    const log = read<Log>("log");
    let chain: Buffer = Buffer.alloc(32);
    for (const link of log.chain) {
      chain = sha256(Buffer.from([2]), chain, bytesOf(link.entry));
      expect(chain.toString("hex")).toBe(link.chain);
    }
    const sealed = log.structures.find(({ rule }) => rule === "sealed");
    const batch = log.structures.find(({ rule }) => rule === "log-batch");
    const [header, , ciphertext] = decoded(sealed?.bytes ?? "") as [Buffer, unknown, Buffer];
    const fields = decoder.decode(header) as Map<number, Buffer>;
    const devid = fields.get(4) ?? Buffer.alloc(0);
    const info = Buffer.concat([Buffer.from("nyckel seal 1"), devid]);
    const key = Buffer.from(hkdfSync("sha256", bytesOf(log.sharedSecret), "", info, 16));
    const nonce = fields.get(5) ?? Buffer.alloc(0);
    expect(nonce.toString("hex")).toBe(log.counter.toString(16).padStart(26, "0"));
    const options = { authTagLength: 16 } as const;
    const decipher = createDecipheriv("aes-128-ccm", key, nonce, options);
    const bodyBytes = ciphertext.length - 16;
    const additional = encoded(["Encrypt0", header, Buffer.alloc(0)]);
    decipher.setAAD(additional, { plaintextLength: bodyBytes });
    decipher.setAuthTag(ciphertext.subarray(bodyBytes));
    const plaintext = decipher.update(ciphertext.subarray(0, bodyBytes));
    decipher.final();
    expect(plaintext.toString("hex")).toBe(batch?.bytes);
  });

  test("hold messages of station and issuer whose MAC Node confirms", () => {
    interface File {
      readonly station: number;
      readonly commandKey: string;
      readonly structures: readonly Structure[];
    }
    const file = read<File>("station-issuer");
    expect(file.structures.length).toBe(10);
    for (const { rule, name, bytes } of file.structures) {
      const [seq, type, body, mac] = decoded(bytes) as [number, number, unknown, Buffer];
      const message = encoded([rule === "up" ? 1 : 2, file.station, seq, type, body]);
      const expected = createHmac("sha256", bytesOf(file.commandKey)).update(message).digest();
      expect(mac.toString("hex"), name).toBe(expected.subarray(0, 16).toString("hex"));
    }
  });

  test("hold frames that a reader of twenty lines puts together", () => {
    interface Framed {
      readonly kind: number;
      readonly message: string;
      readonly frames: string;
    }
    for (const { kind, message, frames } of read<{ frames: readonly Framed[] }>("link").frames) {
      const wire = bytesOf(frames);
      const chunks: Buffer[] = [];
      for (let at = 0; at < wire.length; ) {
        const length = wire.readUInt8(at + 1);
        const covered = wire.subarray(at + 1, at + 4 + length);
        expect(wire.readUInt16BE(at + 4 + length)).toBe(slowCrc(covered));
        expect([wire[at], wire[at + 2]]).toEqual([0xa5, kind]);
        const isLast = at + 6 + length === wire.length;
        expect(wire[at + 3]).toBe(chunks.length | (isLast ? 0x80 : 0));
        chunks.push(wire.subarray(at + 4, at + 4 + length));
        at += 6 + length;
      }
      expect(Buffer.concat(chunks).toString("hex")).toBe(message);
    }
  });
});

// CRC-16/CCITT-FALSE bit by bit, as its definition has it.
function slowCrc(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const octet of bytes) {
    crc ^= octet << 8;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
    }
  }
  return crc;
}
