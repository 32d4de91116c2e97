// SPDX-License-Identifier: EUPL-1.2

/** What one piece of work costs a board, in microseconds of virtual time. */
export type ComputeModel = {
  /** One X25519 operation with a peer's public key. */
  readonly agreementUs: number;
  /** The making of an X25519 public key. */
  readonly publicKeyUs: number;
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
  /** The interpreter's share of one whole session that somebody waits for; see `AGREEMENTS_A_SESSION`. */
  readonly sessionUs: number;
  /** What the interpreter does beside a session, for each message, timer or change of the contact. */
  readonly stepUs: number;
  /** From power to a role that can be made: bundle evaluated, native code loaded. */
  readonly bootUs: number;
  /** A role made of what its flash holds. */
  readonly roleUs: number;
  /** Programming of 4 bytes of flash. */
  readonly programWordUs: number;
  /** Erasing of one page of flash. */
  readonly eraseUs: number;
};

/** One cost with where it comes from. */
export type Cost = {
  readonly us: number;
  /**
   * A count is of instructions, in an emulator, and becomes time by a model of the processor; a
   * measurement names the command and the board's revision that gave it.
   */
  readonly kind: "estimate" | "count" | "measurement";
  readonly from: string;
};

/** All costs of the board of one role. */
export type BoardCosts = { readonly [cost in keyof ComputeModel]: Cost };

/** Roles that a board can play. */
export type RoleName = "key" | "lock" | "station";

/** Which board plays which role, as `firmware/src/boards` has them. */
export const BOARD_OF_ROLE = {
  key: "xiao-nrf52840",
  lock: "xiao-nrf52840",
  station: "esp32s3",
} as const satisfies { readonly [role in RoleName]: string };

/** X25519 agreements of a session on each side; a session's share is charged with them, a third each. */
export const AGREEMENTS_A_SESSION = 3;

/** The slower end of 1.5 to 2.2 cycles an instruction, at 64 MHz. */
const CYCLES_AN_INSTRUCTION = 2.2;
const CYCLES_A_MICROSECOND = 64;

function estimate(us: number, from: string): Cost {
  return { us, kind: "estimate", from };
}

function timeOf(instructions: number): number {
  return Math.ceil((instructions * CYCLES_AN_INSTRUCTION) / CYCLES_A_MICROSECOND);
}

function counted(instructions: number, from: string): Cost {
  return { us: timeOf(instructions), kind: "count", from: `${from}; ${instructions} instructions` };
}

const NATIVE = "nyckel bench native";
const SESSION = "nyckel bench session";

/** What is the same for a key and for a lock. */
const CORTEX_M4 = {
  agreementUs: counted(556_000, NATIVE),
  publicKeyUs: counted(396_000, NATIVE),
  verificationUs: counted(643_000, `${NATIVE}, 64 octets`),
  signatureUs: counted(489_000, `${NATIVE}, 64 octets`),
  hashBlockUs: counted(4_500, `${NATIVE}, from 32 slots and their root`),
  macUs: counted(18_000, `${SESSION}, from the key schedule`),
  cipherBlockUs: counted(4_200, `${NATIVE}, from 653 octets`),
  stepUs: counted(110_000, `${SESSION}, a portion of octets`),
  programWordUs: estimate(41, "nRF52840 product specification, word write"),
  eraseUs: estimate(85_000, "nRF52840 product specification, page erase"),
} as const;

/**
 * The table of costs: every role's, each with its source. Nothing is measured on silicon yet; a
 * measured figure replaces its row as `{ us, kind: "measurement", from: "<command>, <board>" }`.
 *
 * Counts are those of docs/native.md. Flash figures are typical values of the maker's specification.
 */
export const ROLE_COSTS: { readonly [role in RoleName]: BoardCosts } = {
  key: {
    ...CORTEX_M4,
    sessionUs: counted(10_600_000, `${SESSION}, answer to message_1 to message_3`),
    bootUs: counted(13_200_000, `${SESSION}; evaluation as ADR 0043 counts it`),
    roleUs: counted(73_800_000, `${SESSION}, key with 4000 rights`),
  },
  lock: {
    ...CORTEX_M4,
    // Without what it does while the key computes: trust is loaded and the log opened then.
    sessionUs: counted(13_200_000, `${SESSION}, greeting to bolt, as far as the key waits`),
    bootUs: counted(5_800_000, `${SESSION}, evaluation, native code and generator`),
    roleUs: counted(7_100_000, `${SESSION}, make the role`),
  },
  station: {
    // A station computes no curve: hashes and MACs only. Its figures are judged from the clock.
    agreementUs: estimate(12_000, "240 MHz against 64 MHz; unused by a station"),
    publicKeyUs: estimate(7_000, "240 MHz against 64 MHz; unused by a station"),
    verificationUs: estimate(13_000, "240 MHz against 64 MHz; unused by a station"),
    signatureUs: estimate(8_000, "240 MHz against 64 MHz; unused by a station"),
    hashBlockUs: estimate(60, "240 MHz against 64 MHz"),
    macUs: estimate(200, "240 MHz against 64 MHz"),
    cipherBlockUs: estimate(15, "240 MHz against 64 MHz"),
    sessionUs: estimate(0, "a station has no session"),
    stepUs: estimate(3_000, "interpreter, half of the nRF52840 for flash behind a cache; judged"),
    bootUs: estimate(100_000, "start of the system; judged"),
    roleUs: estimate(250_000, "evaluation of a 40 kB bundle and opening of its stores; judged"),
    programWordUs: estimate(12, "serial NOR data sheets, 0.7 ms for 256 bytes"),
    eraseUs: estimate(45_000, "serial NOR data sheets, 4 kB sector"),
  },
};

/** The costs of the board of a role without their sources. */
export function computeModelOf(role: RoleName): ComputeModel {
  const costs = ROLE_COSTS[role];
  return {
    agreementUs: costs.agreementUs.us,
    publicKeyUs: costs.publicKeyUs.us,
    verificationUs: costs.verificationUs.us,
    signatureUs: costs.signatureUs.us,
    hashBlockUs: costs.hashBlockUs.us,
    macUs: costs.macUs.us,
    cipherBlockUs: costs.cipherBlockUs.us,
    sessionUs: costs.sessionUs.us,
    stepUs: costs.stepUs.us,
    bootUs: costs.bootUs.us,
    roleUs: costs.roleUs.us,
    programWordUs: costs.programWordUs.us,
    eraseUs: costs.eraseUs.us,
  };
}
