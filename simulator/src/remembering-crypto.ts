// SPDX-License-Identifier: EUPL-1.2

import type { CryptoPort } from "@nyckelring/protocol";

/** Keys that are kept ready; ephemeral keys push out the oldest ones. */
const KEYS_MAX = 2048;

/**
 * Keeps imported keys ready. Every insertion boots a lock, which imports its own keys and those of
 * its issuer again; in the host the import costs more than the operation. Results are the same.
 *
 * @public
 */
export function createRememberingCrypto(inner: CryptoPort): CryptoPort {
  return {
    ...inner,
    importVerificationKey: remember(inner.importVerificationKey),
    importSigningKey: remember(inner.importSigningKey),
    importAgreementKey: remember(inner.importAgreementKey),
  };
}

function remember<T>(make: (bytes: Uint8Array) => T): (bytes: Uint8Array) => T {
  const known = new Map<string, T>();
  return (bytes) => {
    const name = Buffer.from(bytes).toString("latin1");
    const kept = known.get(name);
    if (kept !== undefined) return kept;
    const made = make(bytes);
    const oldest = known.size < KEYS_MAX ? undefined : known.keys().next().value;
    if (oldest !== undefined) known.delete(oldest);
    known.set(name, made);
    return made;
  };
}
