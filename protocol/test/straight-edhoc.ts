// SPDX-License-Identifier: EUPL-1.2
// A second EDHOC, written straight down from RFC 9528 in the natural style over node:crypto. It
// shares no code with the door path, so that a misreading of one shows as a difference of octets.

import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
} from "node:crypto";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const join = (...parts: readonly Uint8Array[]) => Buffer.concat(parts);
const sha256 = (message: Uint8Array) => createHash("sha256").update(message).digest();
const hmac = (key: Uint8Array, text: Uint8Array) => createHmac("sha256", key).update(text).digest();

// CBOR, RFC 8949 §3: an unsigned integer and a byte string are all that is needed.
function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.of((major << 5) + value);
  if (value < 0x100) return Buffer.of((major << 5) + 24, value);
  const wide = Buffer.alloc(value < 0x10000 ? 3 : 5);
  wide[0] = (major << 5) + (value < 0x10000 ? 25 : 26);
  wide.writeUIntBE(value, 1, wide.length - 1);
  return wide;
}
const uint = (value: number) => head(0, value);
const bstr = (content: Uint8Array) => join(head(2, content.length), content);

function x25519(secret: Uint8Array, peer: Uint8Array): Buffer {
  const privateKey = createPrivateKey({
    key: join(hex("302e020100300506032b656e04220420"), secret),
    format: "der",
    type: "pkcs8",
  });
  const publicKey = createPublicKey({
    key: join(hex("302a300506032b656e032100"), peer),
    format: "der",
    type: "spki",
  });
  return diffieHellman({ privateKey, publicKey });
}

/** X25519 of a secret and the base point, RFC 7748 §4.1. */
export const publicOf = (secret: Uint8Array): Buffer => {
  const basePoint = Buffer.alloc(32);
  basePoint[0] = 9;
  return x25519(secret, basePoint);
};

function hkdfExpand(prk: Uint8Array, info: Uint8Array, bytes: number): Buffer {
  let output = Buffer.alloc(0);
  let block = Buffer.alloc(0);
  for (let counter = 1; output.length < bytes; counter += 1) {
    block = hmac(prk, join(block, info, Buffer.of(counter)));
    output = join(output, block);
  }
  return output.subarray(0, bytes);
}

// EDHOC_KDF( PRK, info_label, context, length ), RFC 9528 §4.1.2.
const kdf = (prk: Uint8Array, label: number, context: Uint8Array, bytes: number) =>
  hkdfExpand(prk, join(uint(label), bstr(context), uint(bytes)), bytes);

function aesCcm(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: 8 });
  cipher.setAAD(aad, { plaintextLength: text.length });
  const sealed = join(cipher.update(text), cipher.final());
  return join(sealed, cipher.getAuthTag());
}

// Enc_structure = [ "Encrypt0", << >>, external_aad ], RFC 9052 §5.3.
const encStructure = (external: Uint8Array) =>
  join(hex("83"), hex("68"), Buffer.from("Encrypt0"), hex("40"), bstr(external));

/** All secrets and all that is said in one session. */
export interface StraightSession {
  readonly x: Uint8Array;
  readonly y: Uint8Array;
  readonly initiatorSecret: Uint8Array;
  readonly responderSecret: Uint8Array;
  readonly ringHead: Uint8Array;
  readonly lockCertificate: Uint8Array;
  readonly op: number;
  readonly index: number;
  readonly leaf: Uint8Array;
  readonly path: Uint8Array;
  readonly code: number;
  readonly lockseq: number;
  readonly tS: number;
  readonly wants: readonly number[];
  /** EAD_3 of a key that has more or something else to say, in place of the presentation. */
  readonly ead3?: (presentation: Uint8Array) => Uint8Array;
  /** Lets a hostile key encrypt something else than PLAINTEXT_3. */
  readonly alter3?: (plaintext: Uint8Array) => Uint8Array;
}

/** The four messages and the exporter's keys of a session with method 3, suite 0. */
export function straightSession(session: StraightSession) {
  const { x, y, ringHead, lockCertificate } = session;
  const gX = publicOf(x);
  const gY = publicOf(y);

  // §5.2: message_1 = ( METHOD, SUITES_I, G_X, C_I )
  const message1 = join(uint(3), uint(0), bstr(gX), uint(0));

  // §5.3: message_2
  const th2 = sha256(join(bstr(gY), bstr(sha256(message1))));
  const prk2e = hmac(th2, x25519(x, gY));
  const gRx = x25519(session.responderSecret, gX);
  const prk3e2m = hmac(kdf(prk2e, 1, th2, 32), gRx);
  const idCredR = join(hex("a1 0d"), lockCertificate);
  const cR = uint(1);
  const context2 = join(cR, idCredR, bstr(th2), lockCertificate);
  const plaintext2 = join(cR, idCredR, bstr(kdf(prk3e2m, 2, context2, 8)));
  const keystream2 = kdf(prk2e, 0, th2, plaintext2.length);
  const ciphertext2 = plaintext2.map((octet, index) => octet ^ (keystream2[index] ?? 0));
  const message2 = bstr(join(gY, ciphertext2));

  // §5.4: message_3
  const th3 = sha256(join(bstr(th2), plaintext2, lockCertificate));
  const gIy = x25519(session.initiatorSecret, gY);
  const prk4e3m = hmac(kdf(prk3e2m, 5, th3, 32), gIy);
  const presentation = join(
    head(4, 4),
    uint(session.op),
    uint(session.index),
    bstr(session.leaf),
    bstr(session.path),
  );
  const honest3 = join(head(1, 32768), bstr(presentation));
  const ead3 = session.ead3 === undefined ? honest3 : session.ead3(presentation);
  const idCredI = join(hex("a1 0d"), ringHead);
  const mac3 = kdf(prk4e3m, 6, join(idCredI, bstr(th3), ringHead, ead3), 8);
  const plaintext3 = join(idCredI, bstr(mac3), ead3);
  const k3 = kdf(prk3e2m, 3, th3, 16);
  const iv3 = kdf(prk3e2m, 4, th3, 13);
  const said3 = session.alter3 === undefined ? plaintext3 : session.alter3(plaintext3);
  const message3 = bstr(aesCcm(k3, iv3, encStructure(th3), said3));

  // §5.5: message_4
  const th4 = sha256(join(bstr(th3), plaintext3, ringHead));
  const wants = session.wants.map((want) => uint(want));
  const decision = join(
    head(4, wants.length === 0 ? 3 : 4),
    uint(session.code),
    uint(session.lockseq),
    uint(session.tS),
    ...(wants.length === 0 ? [] : [head(4, wants.length), ...wants]),
  );
  const ead4 = join(head(1, 32769), bstr(decision));
  const k4 = kdf(prk4e3m, 8, th4, 16);
  const iv4 = kdf(prk4e3m, 9, th4, 13);
  const message4 = bstr(aesCcm(k4, iv4, encStructure(th4), ead4));

  // §4.2: the exporter, and records under its keys
  const prkExporter = kdf(kdf(prk4e3m, 7, th4, 32), 10, Buffer.alloc(0), 32);
  const recordKeys = [32768, 32769].map((label) => kdf(prkExporter, label, Buffer.alloc(0), 29));
  const record = (direction: 0 | 1, counter: number, type: number, body: Uint8Array) => {
    const key = recordKeys[direction] ?? Buffer.alloc(0);
    const nonce = Buffer.from(key.subarray(16));
    nonce.writeUInt32BE((nonce.readUInt32BE(9) ^ counter) >>> 0, 9);
    const text = join(head(4, 2), uint(type), body);
    return bstr(aesCcm(key.subarray(0, 16), nonce, encStructure(Buffer.alloc(0)), text));
  };

  return { message1, message2, message3, message4, record };
}
