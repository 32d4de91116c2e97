// SPDX-License-Identifier: EUPL-1.2

/**
 * What one piece of work costs a board, in microseconds of virtual time.
 *
 * Every figure is an estimate for a Cortex-M4 at 64 MHz until somebody measures a board. The
 * instruction counts behind the curve figures were counted in an emulator; they become time with 30
 * nanoseconds for an instruction (1.9 cycles each). The flash figures are typical values from the
 * nRF52840 product specification.
 *
 * | row | estimate | from |
 * |---|---|---|
 * | `agreementUs` | 35 ms | X25519: 1.171 M instructions |
 * | `verificationUs` | 39 ms | Ed25519 verify: 1.300 M instructions |
 * | `signatureUs` | 23 ms | Ed25519 sign: 0.756 M instructions |
 * | `hashBlockUs` | 0.2 ms | SHA-256 of 64 bytes: 7 k instructions |
 * | `macUs` | 0.65 ms | HMAC-SHA-256: 22 k instructions |
 * | `cipherBlockUs` | 0.05 ms | AES-CCM: two block operations for 16 bytes, judged |
 * | `stepUs` | 6 ms | interpreter: 1.6 M instructions of a session over 8 steps |
 * | `bootUs` | 130 ms | evaluation of a 13 kB bundle: 100 to 145 ms |
 * | `programWordUs` | 41 µs | flash word write time |
 * | `eraseUs` | 85 ms | flash page erase time |
 */
export type ComputeModel = {
  /** One X25519 operation, also the making of a public key. */
  readonly agreementUs: number;
  /** One Ed25519 verification. */
  readonly verificationUs: number;
  /** One Ed25519 signature. */
  readonly signatureUs: number;
  /** One block of 64 bytes of SHA-256. */
  readonly hashBlockUs: number;
  /** One HMAC-SHA-256 over a short message. */
  readonly macUs: number;
  /** One block of 16 bytes of AES-CCM. */
  readonly cipherBlockUs: number;
  /** The interpreter's own work in one step: one message, one timer or one change of the contact. */
  readonly stepUs: number;
  /** From power to a running role. */
  readonly bootUs: number;
  /** Programming of 4 bytes of flash. */
  readonly programWordUs: number;
  /** Erasing of one page of flash. */
  readonly eraseUs: number;
};

/** The model of all three kinds of boards; see {@link ComputeModel} for the sources. */
export const CORTEX_M4_MODEL: ComputeModel = {
  agreementUs: 35_000,
  verificationUs: 39_000,
  signatureUs: 23_000,
  hashBlockUs: 200,
  macUs: 650,
  cipherBlockUs: 50,
  stepUs: 6_000,
  bootUs: 130_000,
  programWordUs: 41,
  eraseUs: 85_000,
};
