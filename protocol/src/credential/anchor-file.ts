// SPDX-License-Identifier: EUPL-1.2
import { equalBytes } from "../bytes.ts";
import { decodeCbor } from "../cbor/decode.ts";
import { encodeCbor } from "../cbor/encode.ts";
import { bytesOf, bytesUpTo, listOf, tuple } from "../cbor/shape.ts";
import { kidOf } from "../cose/ids.ts";
import type { Anchor } from "../cose/sign1.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import { type IssuerCertificate, verifyIssuerCertificate } from "../cwt/certificates.ts";
import { CLAIMS_MALFORMED, MESSAGE_MALFORMED } from "../errors/code.ts";
import { fail, type Result, succeed } from "../errors/result.ts";
import { OBJECT_BYTES_MAX } from "../message/types.ts";

const PUBLIC_KEY_BYTES = 32;
const CERTIFICATES_MAX = 16;
const ANCHOR_FILE = tuple([
  bytesOf(PUBLIC_KEY_BYTES),
  listOf(bytesUpTo(OBJECT_BYTES_MAX), 1, CERTIFICATES_MAX),
]);

/**
 * What a stranger needs to verify objects of an authority. Only the root key is a matter of trust;
 * the certificates prove themselves under it.
 * @public
 */
export interface AnchorFile {
  /** Ed25519 public key of the authority's root. */
  readonly rootKey: Uint8Array;
  /** Signed issuer certificates, at most 16. */
  readonly certificates: readonly Uint8Array[];
}

/**
 * A key that the root has certified, ready to verify with.
 * @public
 */
export interface CertifiedAnchor {
  readonly certificate: IssuerCertificate;
  readonly anchor: Anchor;
}

/**
 * What an anchor file opens to.
 * @public
 */
export interface OpenAnchorFile {
  readonly authority: number;
  readonly root: Anchor;
  readonly certified: readonly CertifiedAnchor[];
}

/**
 * Encodes an anchor file.
 * @public
 */
export function encodeAnchorFile(file: AnchorFile): Uint8Array {
  return encodeCbor([file.rootKey, file.certificates]);
}

/**
 * Reads an anchor file; its certificates are not judged yet.
 *
 * @returns the file, `CBOR_MALFORMED` with the offset of the first bad octet, or
 * `MESSAGE_MALFORMED`
 * @public
 */
export function decodeAnchorFile(bytes: Uint8Array): Result<AnchorFile> {
  const value = decodeCbor(bytes);
  if (!value.ok) return value;
  if (!ANCHOR_FILE(value.value)) return fail(MESSAGE_MALFORMED);
  return succeed({ rootKey: value.value[0], certificates: value.value[1] });
}

/**
 * Opens an anchor file: verifies every certificate under the root.
 *
 * Security: the file comes from where it came from. Compare the root's identifier with one that the
 * authority has published before trusting it.
 *
 * @returns root and certified keys, the faults of {@link decodeAnchorFile}, `PUBLIC_KEY_INVALID`,
 * `SIGNATURE_INVALID` for a certificate that the root did not sign, or `CLAIMS_MALFORMED` for one
 * with a wrong identifier and for certificates of two authorities
 * @public
 */
export function openAnchorFile(crypto: CryptoPort, bytes: Uint8Array): Result<OpenAnchorFile> {
  const file = decodeAnchorFile(bytes);
  if (!file.ok) return file;
  const rootKey = crypto.importVerificationKey(file.value.rootKey);
  if (!rootKey.ok) return rootKey;
  const root: Anchor = { kid: kidOf(crypto, file.value.rootKey), key: rootKey.value };
  const certified: CertifiedAnchor[] = [];
  let authority = -1;
  for (const encoded of file.value.certificates) {
    const certificate = verifyIssuerCertificate(encoded, [root]);
    if (!certificate.ok) return certificate;
    const { kid, publicKey } = certificate.value.issuer;
    if (authority === -1) authority = certificate.value.authority;
    if (certificate.value.authority !== authority) return fail(CLAIMS_MALFORMED);
    if (!equalBytes(kid, kidOf(crypto, publicKey))) return fail(CLAIMS_MALFORMED);
    const key = crypto.importVerificationKey(publicKey);
    if (!key.ok) return key;
    certified.push({ certificate: certificate.value, anchor: { kid, key: key.value } });
  }
  return succeed({ authority, root, certified });
}

/**
 * The keys of an opened file that may sign objects of one level.
 *
 * @param level - one of the LEVEL_ constants
 * @param atS - seconds UTC; a certificate that is over then, is passed over. Absent: none is.
 * @public
 */
export function anchorsOfLevel(file: OpenAnchorFile, level: number, atS?: number): Anchor[] {
  const anchors: Anchor[] = [];
  for (const { certificate, anchor } of file.certified) {
    const isOver = atS !== undefined && certificate.expS <= atS;
    if (certificate.level === level && !isOver) anchors.push(anchor);
  }
  return anchors;
}
