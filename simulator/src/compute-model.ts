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
  /** The interpreter's share of one whole session; charged when its ephemeral key is made. */
  readonly sessionUs: number;
  /** What the interpreter does beside a session, for each message, timer or change of the contact. */
  readonly stepUs: number;
  /** From power to a running door path. */
  readonly bootUs: number;
  /** Evaluation of what a role's bundle has beyond the door path. */
  readonly bundleUs: number;
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

/** The slower end of 1.5 to 2.2 cycles an instruction, at 64 MHz. */
const CYCLES_AN_INSTRUCTION = 2.2;
const CYCLES_A_MICROSECOND = 64;
/** Evaluation of a script, in instructions an octet: 270 to 400. */
const EVALUATION = 335;
/** Octets of the script whose boot was counted. */
const COUNTED_SCRIPT = 14_000;

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
  stepUs: estimate(6_000, "frames, CRC, log entry, choice of the leaf: in no count; judged"),
  bootUs: counted(7_100_000, `${SESSION}, lock, door path alone, a script of 14 kB`),
  programWordUs: estimate(41, "nRF52840 product specification, word write"),
  eraseUs: estimate(85_000, "nRF52840 product specification, page erase"),
} as const;

/** Evaluates what a bundle has beyond the script that was counted. */
function restOfBundle(octets: number, from: string): Cost {
  const us = timeOf((octets - COUNTED_SCRIPT) * EVALUATION);
  return estimate(us, `${from}, 14 kB of them counted; 270 to 400 instructions an octet`);
}

/**
 * The table of costs: every role's, each with its source. Nothing is measured on silicon yet; a
 * measured figure replaces its row as `{ us, kind: "measurement", from: "<command>, <board>" }`.
 *
 * Counts are those of docs/native.md. Flash figures are typical values of the maker's specification.
 */
export const ROLE_COSTS: { readonly [role in RoleName]: BoardCosts } = {
  key: {
    ...CORTEX_M4,
    sessionUs: counted(2_130_000, `${SESSION}, key`),
    bundleUs: restOfBundle(69_200, "loader and bundle of a key, 69.2 kB"),
  },
  lock: {
    ...CORTEX_M4,
    sessionUs: counted(1_680_000, `${SESSION}, lock`),
    bundleUs: restOfBundle(43_500, "loader and bundle of a lock, 43.5 kB"),
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
    bundleUs: estimate(250_000, "evaluation of a 40 kB bundle; judged"),
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
    bundleUs: costs.bundleUs.us,
    programWordUs: costs.programWordUs.us,
    eraseUs: costs.eraseUs.us,
  };
}
