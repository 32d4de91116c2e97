// SPDX-License-Identifier: EUPL-1.2

import type { CryptoPort, VerificationKey } from "@nyckelring/protocol";

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
    importVerificationKey: remember((publicKey) => {
      const imported = inner.importVerificationKey(publicKey);
      return imported.ok ? { ok: true, value: rememberVerdicts(imported.value) } : imported;
    }),
    importSigningKey: remember(inner.importSigningKey),
    importAgreementKey: remember(inner.importAgreementKey),
  };
}

/** A certificate is shown at every contact; its verdict is the same every time. */
function rememberVerdicts(key: VerificationKey): VerificationKey {
  const known = new Map<string, boolean>();
  return {
    publicKey: key.publicKey,
    verify: (message, signature) => {
      const name = Buffer.concat([message, signature]).toString("latin1");
      const kept = known.get(name);
      if (kept !== undefined) return kept;
      const isGood = key.verify(message, signature);
      if (known.size >= KEYS_MAX) known.clear();
      known.set(name, isGood);
      return isGood;
    },
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
