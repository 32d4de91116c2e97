// SPDX-License-Identifier: EUPL-1.2
import { bytesOfHex, concatBytes, equalBytes, sliceBytes } from "../bytes.ts";
import { writeHead } from "../cbor/head.ts";
import type {
  AgreementKey,
  CryptoPort,
  EntropyPort,
  VerificationKey,
} from "../crypto/crypto-port.ts";
import { extract } from "../crypto/hkdf.ts";
import {
  CBOR_MALFORMED,
  LEAF_NOT_IN_RING,
  PROMISE_BROKEN,
  SEAL_INVALID,
  SIGNATURE_INVALID,
} from "../errors/code.ts";
import { assert } from "../errors/result.ts";
import { LAID_AT_BOOT, TOKEN_WORDS } from "./arena.ts";
import { createGate } from "./cbor-gate.ts";
import type { ArenaOperations, ArenaParts, StepParts } from "./operations.ts";
import { createSessionSteps } from "./session-steps.ts";

const HASH_BYTES = 32;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const AES_KEY_BYTES = 16;
const NONCE_BYTES = 13;
const TAG_BYTES = 8;
const HEAD_BYTES_MAX = 5;
const CONTEXT_BYTES_MAX = 1300;
const AGREEMENT_KEYS_MAX = 4;
const VERIFICATION_KEYS_MAX = 8;
const LEAF_PREFIX = new Uint8Array([0]);
const NODE_PREFIX = 1;

/**
 * The operations over a crypto port: what a host runs, and the reference for native code.
 *
 * Key objects are kept for the places that keys are read from, and used again as long as the same
 * octets lie there, because importing raw octets costs more than using them.
 *
 * @param arena - at most 64 KiB, its buffer aligned to words
 * @public
 */
export function createArenaOperations(
  crypto: CryptoPort,
  entropy: EntropyPort,
  arena: Uint8Array,
): ArenaOperations & ArenaParts {
  assert(arena.length <= 0x10000 && arena.byteOffset % 4 === 0, PROMISE_BROKEN);
  const words = new Uint32Array(arena.buffer, arena.byteOffset, arena.length >> 2);
  const curves = createCurveOperations(crypto, arena);
  const ciphers = createCipherOperations(crypto, arena);
  const items = createItemOperations(arena, words);
  const octets = createOctetOperations(arena);
  const tree = createTreeOperations(crypto, arena);

  const parts: StepParts = {
    random(at, bytes) {
      entropy.fill(arena, at, bytes);
    },
    dhBase: curves.dhBase,
    dh: curves.dh,
    verify: curves.verify,
    hash(at, bytes, outAt) {
      arena.set(crypto.hash(arena.subarray(at, at + bytes)), outAt);
    },
    extract(saltAt, inputAt, outAt) {
      const salt = arena.subarray(saltAt, saltAt + HASH_BYTES);
      const input = arena.subarray(inputAt, inputAt + HASH_BYTES);
      arena.set(extract(crypto, salt, input), outAt);
    },
    kdf: ciphers.kdf,
    seal: ciphers.seal,
    open: ciphers.open,
    counterKey: ciphers.counterKey,
    gate: createGate(arena, words),
    shape: items.shape,
    putHead: items.putHead,
    unwrap: items.unwrap,
    hashLeaf: tree.hashLeaf,
    treeRoot: tree.treeRoot,
    find: octets.find,
    copy: octets.copy,
    xor: octets.xor,
    compare: octets.compare,
    wipe(at, bytes) {
      arena.fill(0, at, at + bytes);
      curves.forget(at, bytes);
    },
  };
  return {
    lay() {
      arena.set(bytesOfHex(LAID_AT_BOOT), 0);
    },
    ...parts,
    ...createSessionSteps(parts, arena, words),
  };
}

interface KeptAgreementKey {
  readonly at: number;
  readonly secret: Uint8Array;
  readonly key: AgreementKey;
}

function createCurveOperations(crypto: CryptoPort, arena: Uint8Array) {
  let agreementKeys: KeptAgreementKey[] = [];
  const verificationKeys: VerificationKey[] = [];

  function agreementKeyAt(at: number): AgreementKey {
    const secret = arena.subarray(at, at + KEY_BYTES);
    for (const kept of agreementKeys) {
      if (kept.at === at && equalBytes(kept.secret, secret)) return kept.key;
    }
    const copy = sliceBytes(secret, 0);
    const key = crypto.importAgreementKey(copy);
    const others = agreementKeys.filter((kept) => kept.at !== at);
    if (others.length >= AGREEMENT_KEYS_MAX) others.shift();
    others.push({ at, secret: copy, key });
    agreementKeys = others;
    return key;
  }

  function verificationKeyAt(at: number): VerificationKey | undefined {
    const publicKey = arena.subarray(at, at + KEY_BYTES);
    for (const kept of verificationKeys) {
      if (equalBytes(kept.publicKey, publicKey)) return kept;
    }
    const imported = crypto.importVerificationKey(sliceBytes(publicKey, 0));
    if (!imported.ok) return undefined;
    if (verificationKeys.length >= VERIFICATION_KEYS_MAX) verificationKeys.shift();
    verificationKeys.push(imported.value);
    return imported.value;
  }

  return {
    dhBase(secretAt: number, outAt: number): void {
      arena.set(agreementKeyAt(secretAt).publicKey, outAt);
    },
    dh(secretAt: number, peerAt: number, outAt: number): number {
      const agreed = agreementKeyAt(secretAt).agree(arena.subarray(peerAt, peerAt + KEY_BYTES));
      if (!agreed.ok) return agreed.fault.code;
      arena.set(agreed.value, outAt);
      return 0;
    },
    verify(publicKeyAt: number, messageAt: number, bytes: number, signatureAt: number): number {
      const key = verificationKeyAt(publicKeyAt);
      if (key === undefined) return SIGNATURE_INVALID;
      const message = arena.subarray(messageAt, messageAt + bytes);
      const signature = arena.subarray(signatureAt, signatureAt + SIGNATURE_BYTES);
      return key.verify(message, signature) ? 0 : SIGNATURE_INVALID;
    },
    forget(at: number, bytes: number): void {
      agreementKeys = agreementKeys.filter((kept) => kept.at < at || kept.at >= at + bytes);
    },
  };
}

function createCipherOperations(crypto: CryptoPort, arena: Uint8Array) {
  const block = new Uint8Array(
    HASH_BYTES + HEAD_BYTES_MAX + CONTEXT_BYTES_MAX + HEAD_BYTES_MAX + 1,
  );

  function keyAt(at: number): Uint8Array {
    return arena.subarray(at, at + AES_KEY_BYTES);
  }
  function nonceAt(at: number): Uint8Array {
    return arena.subarray(at + AES_KEY_BYTES, at + AES_KEY_BYTES + NONCE_BYTES);
  }
  function additionalAt(at: number): Uint8Array {
    return arena.subarray(at + 1, at + 1 + (arena[at] as number));
  }

  return {
    // HKDF-Expand of RFC 5869 §2.3 over T(i - 1) | info | i, kept in one place for all blocks.
    kdf(prkAt: number, contextAt: number, lengthAndLabel: number, outAt: number): void {
      const bytes = lengthAndLabel >>> 16;
      let end = writeHead(block, HASH_BYTES, 0, lengthAndLabel & 0xffff);
      const contextEnd = endOfString(arena, contextAt);
      block.set(arena.subarray(contextAt, contextEnd), end);
      end = writeHead(block, end + contextEnd - contextAt, 0, bytes);
      const prk = arena.subarray(prkAt, prkAt + HASH_BYTES);
      for (let done = 0; done < bytes; done += HASH_BYTES) {
        block[end] = done / HASH_BYTES + 1;
        const output = crypto.hmac(prk, block.subarray(done === 0 ? HASH_BYTES : 0, end + 1));
        const left = bytes - done;
        arena.set(left < HASH_BYTES ? output.subarray(0, left) : output, outAt + done);
        if (left > HASH_BYTES) block.set(output, 0);
      }
    },
    seal(at: number, aadAt: number, textAt: number, bytes: number): void {
      const text = arena.subarray(textAt, textAt + bytes);
      arena.set(crypto.seal(keyAt(at), nonceAt(at), additionalAt(aadAt), text, TAG_BYTES), textAt);
    },
    open(at: number, aadAt: number, textAt: number, bytes: number): number {
      if (bytes < TAG_BYTES) return SEAL_INVALID;
      const text = arena.subarray(textAt, textAt + bytes);
      const opened = crypto.open(keyAt(at), nonceAt(at), additionalAt(aadAt), text, TAG_BYTES);
      if (!opened.ok) return SEAL_INVALID;
      arena.set(opened.value, textAt);
      return 0;
    },
    counterKey(at: number, counter: number, outAt: number): void {
      arena.set(arena.subarray(at, at + AES_KEY_BYTES + NONCE_BYTES), outAt);
      const last = outAt + AES_KEY_BYTES + NONCE_BYTES - 1;
      for (let octet = 0; octet < 4; octet += 1) {
        arena[last - octet] = (arena[last - octet] as number) ^ ((counter >>> (8 * octet)) & 0xff);
      }
    },
  };
}

// End of a byte string with a heading of one, two or three octets; our own templates and contexts.
function endOfString(arena: Uint8Array, at: number): number {
  const low = (arena[at] as number) & 31;
  if (low < 24) return at + 1 + low;
  if (low === 24) return at + 2 + (arena[at + 1] as number);
  return at + 3 + (arena[at + 1] as number) * 256 + (arena[at + 2] as number);
}

function createItemOperations(arena: Uint8Array, words: Uint32Array) {
  function wordAt(at: number): number {
    return (
      (arena[at] as number) * 0x1000000 +
      ((arena[at + 1] as number) << 16) +
      ((arena[at + 2] as number) << 8) +
      (arena[at + 3] as number)
    );
  }

  return {
    shape(tokensAt: number, tokens: number, shapeAt: number): number {
      const expected = arena[shapeAt] as number;
      const isOpen = arena[shapeAt + 1] === 1;
      if (isOpen ? tokens < expected : tokens !== expected) return CBOR_MALFORMED;
      let word = tokensAt >> 2;
      let at = shapeAt + 2;
      for (let token = 0; token < expected; token += 1) {
        const rule = arena[at] as number;
        const bound = wordAt(at + 1);
        const argument = words[word + 2] as number;
        if (words[word] !== (rule & 7)) return CBOR_MALFORMED;
        if ((rule & 8) === 0 ? argument !== bound : argument > bound) return CBOR_MALFORMED;
        word += TOKEN_WORDS;
        at += 5;
      }
      return 0;
    },
    putHead(at: number, major: number, argument: number): number {
      return writeHead(arena, at, major, argument);
    },
    unwrap(at: number, bytes: number): number {
      if (bytes < 1 || (arena[at] as number) >> 5 !== 2) return 0;
      const low = (arena[at] as number) & 31;
      const head = low < 24 ? 1 : low === 24 ? 2 : low === 25 ? 3 : 0;
      if (head === 0 || bytes < head) return 0;
      if (head === 2 && (arena[at + 1] as number) < 24) return 0;
      if (head === 3 && arena[at + 1] === 0) return 0;
      return endOfString(arena, at) === at + bytes ? at + head : 0;
    },
  };
}

function createTreeOperations(crypto: CryptoPort, arena: Uint8Array) {
  // One place for the input of every node: prefix, left, right.
  const pair = new Uint8Array(1 + 2 * HASH_BYTES);
  pair[0] = NODE_PREFIX;

  return {
    hashLeaf(at: number, bytes: number, outAt: number): void {
      arena.set(crypto.hash(concatBytes([LEAF_PREFIX, arena.subarray(at, at + bytes)])), outAt);
    },
    // The names fn, sn and r are those of RFC 9162 §2.1.3.2.
    treeRoot(hashAt: number, pathAt: number, pathBytes: number, indexAndSize: number): number {
      let fn = indexAndSize >>> 16;
      const size = indexAndSize & 0xffff;
      if (fn >= size || pathBytes % HASH_BYTES !== 0) return LEAF_NOT_IN_RING;
      let sn = size - 1;
      let r = arena.subarray(hashAt, hashAt + HASH_BYTES);
      for (let at = pathAt; at < pathAt + pathBytes; at += HASH_BYTES) {
        if (sn === 0) return LEAF_NOT_IN_RING;
        const isRight = (fn & 1) === 1 || fn === sn;
        pair.set(arena.subarray(at, at + HASH_BYTES), isRight ? 1 : 1 + HASH_BYTES);
        pair.set(r, isRight ? 1 + HASH_BYTES : 1);
        r = crypto.hash(pair) as typeof r;
        while (isRight && (fn & 1) === 0 && fn !== 0) {
          fn >>>= 1;
          sn >>>= 1;
        }
        fn >>>= 1;
        sn >>>= 1;
      }
      if (sn !== 0) return LEAF_NOT_IN_RING;
      arena.set(r, hashAt);
      return 0;
    },
  };
}

function createOctetOperations(arena: Uint8Array) {
  function compare(oneAt: number, otherAt: number, bytes: number): number {
    let difference = 0;
    for (let index = 0; index < bytes; index += 1) {
      difference |= (arena[oneAt + index] as number) ^ (arena[otherAt + index] as number);
    }
    return difference === 0 ? 0 : 1;
  }

  return {
    compare,
    find(tableAt: number, records: number, wantedAt: number, sizes: number): number {
      const step = sizes >>> 16;
      for (let index = 0; index < records; index += 1) {
        if (compare(tableAt + index * step, wantedAt, sizes & 0xffff) === 0) return index;
      }
      return -1;
    },
    copy(toAt: number, fromAt: number, bytes: number): void {
      arena.set(arena.subarray(fromAt, fromAt + bytes), toAt);
    },
    xor(at: number, withAt: number, bytes: number): void {
      for (let index = 0; index < bytes; index += 1) {
        arena[at + index] = (arena[at + index] as number) ^ (arena[withAt + index] as number);
      }
    },
  };
}
