// SPDX-License-Identifier: EUPL-1.2
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hash,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { equalBytes } from "../bytes.ts";
import type {
  AgreementKey,
  CryptoPort,
  SigningKey,
  VerificationKey,
} from "../crypto/crypto-port.ts";
import { isUsablePublicKey, isUsableSignature } from "../crypto/public-key.ts";
import {
  PROMISE_BROKEN,
  PUBLIC_KEY_INVALID,
  SEAL_INVALID,
  SHARED_SECRET_ZERO,
} from "../errors/code.ts";
import { assert, fail, type Result, succeed } from "../errors/result.ts";

// The fixed heads of PKCS #8 and SubjectPublicKeyInfo for these two curves, RFC 8410 §4 and §7.
const ED25519_PRIVATE_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");
const ED25519_PUBLIC_HEAD = Buffer.from("302a300506032b6570032100", "hex");
const X25519_PRIVATE_HEAD = Buffer.from("302e020100300506032b656e04220420", "hex");
const X25519_PUBLIC_HEAD = Buffer.from("302a300506032b656e032100", "hex");

const KEY_BYTES = 32;
const HASH_BYTES = 32;
const HASH_BLOCK_BYTES = 64;
const AES_KEY_BYTES = 16;
const NONCE_BYTES = 13;
// Static peers (the issuer, a building's locks) come back at every contact. A key has its place by its
// first octet, and pushes out whichever was there.
const PEER_PLACES = 256;

interface Peer {
  readonly publicKey: Uint8Array;
  readonly key: KeyObject;
}

/**
 * The crypto port over Node's own library.
 *
 * Keys are made into key objects once; the X25519 keys of recent peers are kept as such too.
 * @public
 */
export function createNodeCrypto(): CryptoPort {
  const peers: (Peer | undefined)[] = new Array(PEER_PLACES).fill(undefined);

  function peerKeyOf(publicKey: Uint8Array): KeyObject {
    const place = publicKey[0] as number;
    const known = peers[place];
    if (known !== undefined && equalBytes(known.publicKey, publicKey)) return known.key;
    const key = publicKeyOf(X25519_PUBLIC_HEAD, publicKey);
    peers[place] = { publicKey: publicKey.slice(), key };
    return key;
  }

  let inner = new Uint8Array(8 * HASH_BLOCK_BYTES);
  const outer = new Uint8Array(HASH_BLOCK_BYTES + HASH_BYTES);

  function padKey(key: Uint8Array): void {
    for (let index = 0; index < HASH_BLOCK_BYTES; index += 1) {
      const octet = index < key.length ? (key[index] as number) : 0;
      inner[index] = octet ^ 0x36;
      outer[index] = octet ^ 0x5c;
    }
  }

  return {
    hash(message) {
      return plain(hash("sha256", message, "buffer"));
    },

    // RFC 2104 §2 over one-shot hashes: a Hmac object of Node costs several times the two hashes.
    hmac(key, message) {
      const inputBytes = HASH_BLOCK_BYTES + message.length;
      if (inner.length < inputBytes) inner = new Uint8Array(2 * inputBytes);
      padKey(key.length > HASH_BLOCK_BYTES ? hash("sha256", key, "buffer") : key);
      inner.set(message, HASH_BLOCK_BYTES);
      outer.set(hash("sha256", inner.subarray(0, inputBytes), "buffer"), HASH_BLOCK_BYTES);
      return plain(hash("sha256", outer, "buffer"));
    },

    seal(key, nonce, additional, plaintext, tagBytes) {
      assert(key.length === AES_KEY_BYTES && nonce.length === NONCE_BYTES, PROMISE_BROKEN);
      const cipher = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: tagBytes });
      cipher.setAAD(additional, { plaintextLength: plaintext.length });
      const sealed = new Uint8Array(plaintext.length + tagBytes);
      sealed.set(cipher.update(plaintext), 0);
      cipher.final();
      sealed.set(cipher.getAuthTag(), plaintext.length);
      return sealed;
    },

    open(key, nonce, additional, ciphertext, tagBytes) {
      assert(key.length === AES_KEY_BYTES && nonce.length === NONCE_BYTES, PROMISE_BROKEN);
      const bodyBytes = ciphertext.length - tagBytes;
      if (bodyBytes < 0) return fail(SEAL_INVALID);
      const decipher = createDecipheriv("aes-128-ccm", key, nonce, { authTagLength: tagBytes });
      decipher.setAAD(additional, { plaintextLength: bodyBytes });
      decipher.setAuthTag(ciphertext.subarray(bodyBytes));
      try {
        const plaintext = decipher.update(ciphertext.subarray(0, bodyBytes));
        decipher.final();
        return succeed(plain(plaintext));
      } catch {
        return fail(SEAL_INVALID);
      }
    },

    importVerificationKey(publicKey): Result<VerificationKey> {
      if (!isUsablePublicKey(publicKey)) return fail(PUBLIC_KEY_INVALID);
      const key = publicKeyOf(ED25519_PUBLIC_HEAD, publicKey);
      return succeed({
        publicKey: plain(publicKey),
        verify: (message, signature) =>
          isUsableSignature(signature) && verify(null, message, key, signature),
      });
    },

    importSigningKey(seed): SigningKey {
      assert(seed.length === KEY_BYTES, PROMISE_BROKEN);
      const key = privateKeyOf(ED25519_PRIVATE_HEAD, seed);
      return {
        publicKey: rawPublicKey(key),
        sign: (message) => plain(sign(null, message, key)),
      };
    },

    importAgreementKey(secret): AgreementKey {
      assert(secret.length === KEY_BYTES, PROMISE_BROKEN);
      const privateKey = privateKeyOf(X25519_PRIVATE_HEAD, secret);
      return {
        publicKey: rawPublicKey(privateKey),
        agree(peerPublicKey) {
          if (peerPublicKey.length !== KEY_BYTES) return fail(SHARED_SECRET_ZERO);
          try {
            // OpenSSL refuses the all-zero result, RFC 7748 §6.1; the vectors prove that it does.
            const publicKey = peerKeyOf(peerPublicKey);
            return succeed(plain(diffieHellman({ privateKey, publicKey })));
          } catch {
            return fail(SHARED_SECRET_ZERO);
          }
        },
      };
    },
  };
}

// Callers get plain octet strings: a Buffer's `slice` aliases and its equality differs in tests.
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function privateKeyOf(head: Uint8Array, secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([head, secret]), format: "der", type: "pkcs8" });
}

function publicKeyOf(head: Uint8Array, raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([head, raw]), format: "der", type: "spki" });
}

function rawPublicKey(key: KeyObject): Uint8Array {
  const der = createPublicKey(key).export({ format: "der", type: "spki" });
  return plain(der.subarray(der.length - KEY_BYTES));
}
