// SPDX-License-Identifier: EUPL-1.2
import { z } from "zod";
import { CAPABILITIES } from "../board-driver/roles.ts";

const milliseconds = (max: number) => z.int().min(0).max(max);

const serial = z.strictObject({
  baud: z.int().min(1200).max(3_000_000).default(115_200).describe("Bits in a second."),
  flow: z.enum(["none", "xonxoff"]).default("xonxoff").describe("Of the console."),
});

const power = z.discriminatedUnion("driver", [
  z.strictObject({
    driver: z.literal("uhubctl"),
    hub: z.string().min(1).describe("Location of the hub, as uhubctl prints it."),
    port: z.int().min(1).max(64),
    offMs: milliseconds(60_000).default(1500),
  }),
  z.strictObject({
    driver: z.literal("http"),
    onUrl: z.url(),
    offUrl: z.url(),
    offMs: milliseconds(60_000).default(1500),
  }),
  z.strictObject({
    driver: z.literal("command"),
    on: z.array(z.string().min(1)).min(1).describe("Program and its arguments; no shell."),
    off: z.array(z.string().min(1)).min(1),
    offMs: milliseconds(60_000).default(1500),
  }),
  z.strictObject({ driver: z.literal("manual").describe("A person is asked.") }),
  z.strictObject({ driver: z.literal("none") }),
]);

const ready = z.strictObject({
  expect: z.string().min(1).default("running").describe("State that nk.info() has to tell."),
  timeoutMs: milliseconds(600_000).default(8000),
});

const words = z.array(z.string().min(1)).min(1);

const hands = z
  .discriminatedUnion("driver", [
    z.strictObject({
      driver: z.literal("command").describe("Programs and their arguments; no shell."),
      plug: words.describe("Closes the sense contact."),
      plugPowered: words.optional().describe("The same, with a voltage on the contact: a station."),
      unplug: words,
      press: words.optional().describe("Presses the button of a key."),
    }),
    z.strictObject({ driver: z.literal("none") }),
  ])
  .describe("What does to the board what a hand would do.");

const broker = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("Address of this computer for a station."),
  wifiName: z.string().max(64).default("nyckel-bench"),
  wifiPassword: z.string().max(64).default(""),
});

const cannot = z
  .array(z.enum(CAPABILITIES))
  .default([])
  .describe("What this board cannot do; a case that needs it is skipped and says so.");

const real = z.strictObject({
  kind: z.literal("real"),
  match: z
    .strictObject({ usbSerial: z.string().min(1), interface: z.int().min(0).max(15).default(0) })
    .optional()
    .describe("The board's USB serial number; stays the same when device files are renumbered."),
  path: z.string().min(1).optional().describe("Device file, where there is no USB serial number."),
  contactPath: z.string().min(1).optional().describe("Device file of the contact."),
  hands: hands.default({ driver: "none" }),
  control: z
    .string()
    .min(1)
    .optional()
    .describe("Socket of a helper that sets its time forward and switches what no hand reaches."),
  broker: broker.prefault({}).describe("Where a station finds the broker of the bench."),
  firmware: z
    .string()
    .min(1)
    .optional()
    .describe("Folder of the build that belongs on it; the one of make firmware without it."),
  serial: serial.prefault({}),
  power: power.default({ driver: "none" }),
  ready: ready.prefault({}),
  slowness: z.number().min(1).max(1000).default(1).describe("Seconds here for one of the board."),
  cannot,
});

const interpreter = z.strictObject({
  kind: z.literal("interpreter"),
  program: words
    .optional()
    .describe(
      "Interpreter and what stands before the script; ESPRUINO_ARM or ESPRUINO without it.",
    ),
  board: z.enum(["linux", "linux-arm"]).default("linux").describe("Board of the named program."),
  firmware: z.string().min(1).optional().describe("Folder of the bundle."),
  slowness: z
    .number()
    .min(1)
    .max(1000)
    .optional()
    .describe("Seconds here for one of the board; what the firmware stretches without it."),
  cannot,
});

const sim = z.strictObject({ kind: z.literal("sim"), cannot });

const role = z.discriminatedUnion("kind", [real, sim, interpreter]);

const contact = z.strictObject({
  via: z.literal("host").describe("This computer carries the octets between the two."),
  cutAtByte: z.boolean().default(true).describe("False where a cut would harm a board."),
});

/** The form of a rig file; unknown keys are refused at every level. */
export const RIG_SCHEMA = z.strictObject({
  version: z.literal(1),
  rig: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "must be lower-case words with hyphens")
    .describe("Name of the rig, in reports."),
  tags: z.array(z.string().min(1)).default([]),
  roles: z.strictObject({ key: role, station: role, lock: role }),
  contacts: z
    .strictObject({
      "key-lock": contact.prefault({ via: "host" }),
      "key-station": contact.prefault({ via: "host" }),
    })
    .prefault({}),
});

/** A rig, as its file describes it, with every default in place. */
export type Rig = z.output<typeof RIG_SCHEMA>;
/** One role of a rig. */
export type RigRole = Rig["roles"]["key"];
/** A role that is a board on serial ports. */
export type RealRole = Extract<RigRole, { readonly kind: "real" }>;
/** How a board gets its power. */
export type PowerWiring = z.output<typeof power>;

/** The JSON Schema of rig files, for editors. */
export function rigJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(RIG_SCHEMA, { io: "input" }) as Record<string, unknown>;
}
