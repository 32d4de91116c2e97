// SPDX-License-Identifier: EUPL-1.2

/** What one piece of work costs a board, in microseconds of virtual time. */
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

/** One cost with where it comes from. */
export type Cost = {
  readonly us: number;
  /** A measurement names the command and the board's revision that gave it. */
  readonly kind: "estimate" | "measurement";
  readonly from: string;
};

/** All costs of one board. */
export type BoardCosts = { readonly [cost in keyof ComputeModel]: Cost };

/** Names of boards as `firmware/src/boards` has them. */
export type BoardName = "xiao-nrf52840" | "esp32s3";

function estimate(us: number, from: string): Cost {
  return { us, kind: "estimate", from };
}

const M4_AT = "64 MHz Cortex-M4, 30 ns an instruction";

/**
 * The table of costs: every board's, each with its source. Nothing is measured on silicon yet; a
 * measured figure replaces its row as `{ us, kind: "measurement", from: "<command>, <board>" }`.
 *
 * Instructions of the curves were counted in an emulator; they become time with 1.9 cycles each.
 * Flash figures are typical values of the maker's specification.
 */
export const BOARD_COSTS: { readonly [board in BoardName]: BoardCosts } = {
  "xiao-nrf52840": {
    agreementUs: estimate(35_000, `X25519, 1.171 M instructions; ${M4_AT}`),
    verificationUs: estimate(39_000, `Ed25519 verify, 1.300 M instructions; ${M4_AT}`),
    signatureUs: estimate(23_000, `Ed25519 sign, 0.756 M instructions; ${M4_AT}`),
    hashBlockUs: estimate(200, `SHA-256 of 64 bytes, 7 k instructions; ${M4_AT}`),
    macUs: estimate(650, `HMAC-SHA-256, 22 k instructions; ${M4_AT}`),
    cipherBlockUs: estimate(50, "AES-CCM, two block operations for 16 bytes; judged"),
    stepUs: estimate(6_000, "interpreter, 1.6 M instructions of a session over 8 steps"),
    bootUs: estimate(130_000, "evaluation of a 13 kB bundle, 100 to 145 ms"),
    programWordUs: estimate(41, "nRF52840 product specification, word write"),
    eraseUs: estimate(85_000, "nRF52840 product specification, page erase"),
  },
  esp32s3: {
    // A station computes no curve: hashes and MACs only. Its figures are judged from the clock.
    agreementUs: estimate(12_000, "240 MHz against 64 MHz; unused by a station"),
    verificationUs: estimate(13_000, "240 MHz against 64 MHz; unused by a station"),
    signatureUs: estimate(8_000, "240 MHz against 64 MHz; unused by a station"),
    hashBlockUs: estimate(60, "240 MHz against 64 MHz"),
    macUs: estimate(200, "240 MHz against 64 MHz"),
    cipherBlockUs: estimate(15, "240 MHz against 64 MHz"),
    stepUs: estimate(3_000, "interpreter, half of the nRF52840 for flash behind a cache; judged"),
    bootUs: estimate(350_000, "start of the system and evaluation of a 40 kB bundle; judged"),
    programWordUs: estimate(12, "serial NOR data sheets, 0.7 ms for 256 bytes"),
    eraseUs: estimate(45_000, "serial NOR data sheets, 4 kB sector"),
  },
};

/** Which board plays which role. */
export const BOARD_OF_ROLE = {
  key: "xiao-nrf52840",
  lock: "xiao-nrf52840",
  station: "esp32s3",
} as const satisfies { readonly [role in "key" | "lock" | "station"]: BoardName };

/** The costs of a board without their sources. */
export function computeModelOf(board: BoardName): ComputeModel {
  const costs = BOARD_COSTS[board];
  return {
    agreementUs: costs.agreementUs.us,
    verificationUs: costs.verificationUs.us,
    signatureUs: costs.signatureUs.us,
    hashBlockUs: costs.hashBlockUs.us,
    macUs: costs.macUs.us,
    cipherBlockUs: costs.cipherBlockUs.us,
    stepUs: costs.stepUs.us,
    bootUs: costs.bootUs.us,
    programWordUs: costs.programWordUs.us,
    eraseUs: costs.eraseUs.us,
  };
}
