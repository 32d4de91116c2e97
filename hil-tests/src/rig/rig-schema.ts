// SPDX-License-Identifier: EUPL-1.2
import { z } from "zod";
import { CAPABILITIES } from "../board-driver/bench.ts";

const milliseconds = (max: number) => z.int().min(0).max(max);

const serial = z.strictObject({
  baud: z.int().min(1200).max(3_000_000).default(115_200).describe("Bits in a second."),
  flow: z.enum(["none", "xonxoff"]).default("xonxoff"),
  resetOnOpen: z.boolean().default(false).describe("Whether opening the port resets the board."),
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
  expect: z.string().min(1).default("NK READY").describe("Text on the console."),
  timeoutMs: milliseconds(600_000).default(8000),
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
  serial: serial.prefault({}),
  power: power.default({ driver: "none" }),
  ready: ready.prefault({}),
  slowness: z.number().min(1).max(1000).default(1).describe("Seconds here for one of the board."),
  cannot,
});

const interpreter = z.strictObject({
  kind: z.literal("interpreter"),
  program: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("Interpreter and the arguments before the script; ESPRUINO names it otherwise."),
  slowness: z.number().min(1).max(1000).default(100).describe("Seconds here for one of the board."),
  cannot,
});

const sim = z.strictObject({ kind: z.literal("sim"), cannot });

const role = z.discriminatedUnion("kind", [real, sim, interpreter]);

const contact = z.discriminatedUnion("via", [
  z.strictObject({
    via: z.literal("host").describe("This computer carries the octets between the two."),
    cutAtByte: z.boolean().default(true),
  }),
  z.strictObject({
    via: z.literal("wire").describe("Two boards are wired to each other."),
    actuator: z
      .strictObject({ driver: z.literal("relay"), channel: z.int().min(0).max(64) })
      .optional(),
  }),
]);

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
/** How a board gets its power. */
export type PowerWiring = z.output<typeof power>;

/** The JSON Schema of rig files, for editors. */
export function rigJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(RIG_SCHEMA, { io: "input" }) as Record<string, unknown>;
}
