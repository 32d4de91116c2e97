// SPDX-License-Identifier: EUPL-1.2
import { CODES, describe as describeCode } from "@nyckelring/protocol/host";
import { describe, expect, test } from "vitest";
import { BOARD_ORIGINS } from "../test/code-origins/boards.ts";
import { COMMAND_ORIGINS } from "../test/code-origins/command.ts";
import { DEVICE_ORIGINS } from "../test/code-origins/devices.ts";
import { DOOR_ORIGINS } from "../test/code-origins/door.ts";
import { HIL_ORIGINS } from "../test/code-origins/hil.ts";
import { ISSUER_ORIGINS } from "../test/code-origins/issuer.ts";
import { PROTOCOL_ORIGINS } from "../test/code-origins/protocol.ts";

/**
 * Goal: the table of codes is true: nothing in it is a code that nobody says.
 * Method: one place that knows, for each code, a deed after which a device, the authorization
 * system or the command really says it. Each deed runs, and what is said is compared. A new row
 * needs a deed; a row without one goes.
 */
const origins = {
  ...PROTOCOL_ORIGINS,
  ...DOOR_ORIGINS,
  ...ISSUER_ORIGINS,
  ...DEVICE_ORIGINS,
  ...COMMAND_ORIGINS,
  ...BOARD_ORIGINS,
  ...HIL_ORIGINS,
};

describe("the table of codes", () => {
  test("has a deed for each of its rows, and no deed for a code that it lacks", () => {
    expect(Object.keys(origins).sort()).toEqual(CODES.map(({ name }) => name).sort());
  });

  test.each(CODES.map(({ name, number }) => [name, number] as const))(
    "%s is said by the system itself",
    async (name, number) => {
      const said = (await origins[name]?.()) ?? 0;
      expect(describeCode(said)?.name).toBe(name);
      expect(said).toBe(number);
    },
    60_000,
  );
});
