// SPDX-License-Identifier: EUPL-1.2
import { assert, PROMISE_BROKEN } from "@nyckelring/protocol";

import type { Board } from "../boards/board.ts";
import type { Platform } from "../espruino/platform.ts";
import { LINK_GSM, type UplinkPort } from "../ports.ts";
import { openDeviceRecords } from "../shared/device-records.ts";
import { createStation } from "../station/station.ts";
import { loadStationProvision } from "../station/station-commissioning.ts";
import { readNetwork, type StationNetwork } from "../station/station-network.ts";
import type { StationRole } from "../station/station-role.ts";
import { type AtModem, createAtModem } from "../station/uplink/at-modem.ts";
import {
  createMqttUplink,
  type LinkStream,
  mqttIdentityOf,
  type UplinkListener,
} from "../station/uplink/mqtt-uplink.ts";

/** Boots a sync station on a board. */
export function startStation(board: Board, platform: Platform): void {
  const wiring = board.flash.station;
  assert(wiring !== undefined, PROMISE_BROKEN);
  let role: StationRole | undefined;
  const contact = platform.openContact((bytes) => {
    if (role !== undefined) {
      role.onBytes(bytes);
    }
  });
  const flash = platform.openFlash(wiring);
  const records = openDeviceRecords(flash);
  const account = loadStationProvision(records);
  const network = readNetwork(records);
  const uplink: UplinkPort =
    account === undefined || network === undefined
      ? { publish: () => undefined, links: () => [], use: () => undefined }
      : openUplink(platform, account.stationId, network, {
          onDown(message) {
            if (role !== undefined) role.onDown(message);
          },
          onLinks() {
            if (role !== undefined) role.onLink();
          },
        });
  role = createStation({
    crypto: platform.crypto,
    flash,
    contact,
    timer: platform.trueTimer,
    clock: platform.openClock(),
    uplink,
    power: platform.openPower(),
  });
  const station = role;
  platform.watchContact((isPlugged) => station.onContact(isPlugged));
}

function openUplink(
  platform: Platform,
  stationId: number,
  network: StationNetwork,
  listener: UplinkListener,
): UplinkPort {
  const timer = platform.trueTimer;
  const streams: LinkStream[] = [];
  for (const one of platform.openNetworks(network, (kind, isThere) => {
    uplink.setCarrier(kind, isThere);
  })) {
    streams.push(one);
  }
  const modem = network.apn === "" ? undefined : openModem(platform, network);
  if (modem !== undefined) streams.push({ kind: LINK_GSM, stream: modem.stream });
  const login =
    network.user === "" ? undefined : { user: network.user, password: network.password };
  const uplink = createMqttUplink(
    timer,
    stationId,
    mqttIdentityOf(stationId, login),
    streams,
    listener,
  );
  return uplink;
}

function openModem(platform: Platform, network: StationNetwork): AtModem | undefined {
  let modem: AtModem | undefined;
  const port = platform.openModem((bytes) => {
    if (modem !== undefined) modem.onBytes(bytes);
  });
  if (port === undefined) return undefined;
  const { apn, pin, host, gsmBytesPerDay } = network;
  modem = createAtModem(port, platform.trueTimer, {
    apn,
    pin,
    host,
    port: network.port,
    bytesPerDay: gsmBytesPerDay,
  });
  return modem;
}
