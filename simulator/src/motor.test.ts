// SPDX-License-Identifier: EUPL-1.2

import { BOLT_BETWEEN, BOLT_LOCKED, BOLT_UNLOCKED } from "@nyckelring/firmware";
import { expect, test } from "vitest";
import { createVirtualMotor, MOTOR_RUN_MA, MOTOR_STALL_MA } from "./motor.ts";
import { createProcessor } from "./processor.ts";
import { createVirtualClock } from "./virtual-clock.ts";

const TRAVEL_US = 300_000;

function createBench() {
  const clock = createVirtualClock(0);
  const processor = createProcessor(clock, 0, (error) => {
    throw error;
  });
  processor.powerOn();
  const currents: string[] = [];
  const positions: number[] = [];
  const motor = createVirtualMotor(clock, processor, TRAVEL_US, {
    onCommand: () => undefined,
    onPosition: (position) => positions.push(position),
    onCurrent: (milliampere, atUs) => currents.push(`${atUs / 1000} ${milliampere}`),
  });
  const command = (act: () => void) => processor.runStep(act);
  return { clock, motor, currents, positions, command };
}

test("L4: a motor draws its running current on the way and stalls at the end until it is stopped", () => {
  const { clock, motor, currents, positions, command } = createBench();
  command(motor.port.unlock);
  clock.runUntil(400_000);
  command(motor.port.stop);
  expect(currents).toEqual([`0 ${MOTOR_RUN_MA}`, `300 ${MOTOR_STALL_MA}`, "400 0"]);
  expect(positions).toEqual([BOLT_UNLOCKED]);
});

test("L4: a jam stops the bolt from either side and stalls the motor; free, it goes on", () => {
  const { clock, motor, currents, positions, command } = createBench();
  motor.jam(500);
  command(motor.port.unlock);
  clock.runUntil(1_000_000);
  expect(motor.position()).toBe(BOLT_BETWEEN);
  expect(currents).toContain(`150 ${MOTOR_STALL_MA}`);
  expect(positions).toEqual([]);
  motor.jam(undefined);
  clock.runUntil(1_150_000);
  expect(motor.position()).toBe(BOLT_UNLOCKED);
  motor.jam(500);
  command(motor.port.lock);
  clock.runUntil(2_000_000);
  expect(motor.position()).toBe(BOLT_BETWEEN);
  motor.powerOff();
  motor.turnByHand(BOLT_LOCKED);
  expect(motor.position()).toBe(BOLT_LOCKED);
  expect(positions).toEqual([BOLT_UNLOCKED, BOLT_LOCKED]);
});
