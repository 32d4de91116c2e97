// SPDX-License-Identifier: EUPL-1.2
import { board } from "#board";
import { openCrypto, openOctetChecks } from "#crypto";
import {
  createTrueTimer,
  openClock,
  openContact,
  openFlash,
  openModem,
  openNetworks,
  openPower,
  watchContact,
} from "#platform";
import { wired } from "../boards/board.ts";
import { watchAborts } from "../espruino/aborts.ts";
import { checkedContact, checkedFlash } from "../espruino/octet-checks.ts";
import { openService } from "../espruino/service.ts";
import { LINK_GSM, type UplinkPort } from "../ports.ts";
import { openDeviceRecords } from "../shared/device-records.ts";
import type { RecordStore } from "../shared/record-store.ts";
import { createGsmBudget } from "../station/gsm-budget.ts";
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
export function startStation(): void {
  watchAborts(() => undefined);
  let role: StationRole | undefined;
  const line = openContact(board.contact, (bytes) => {
    if (role !== undefined) {
      role.onBytes(bytes);
    }
  });
  const checks = openOctetChecks();
  const flash = checkedFlash(openFlash(wired(board.flash.station)), checks);
  const records = openDeviceRecords(flash);
  const account = loadStationProvision(records);
  const network = readNetwork(records);
  const uplink: UplinkPort =
    account === undefined || network === undefined
      ? { publish: () => undefined, links: () => [], use: () => undefined }
      : openUplink(account.stationId, network, records, {
          onDown(message) {
            if (role !== undefined) role.onDown(message);
          },
          onLinks() {
            if (role !== undefined) role.onLink();
          },
        });
  const ports = {
    crypto: openCrypto(),
    flash,
    contact: checkedContact(line, checks),
    timer: createTrueTimer(),
    clock: openClock(),
    uplink,
    power: openPower(board, () => {
      if (role !== undefined) role.onPower();
    }),
    service: openService(),
  };
  role = createStation(ports, records);
  const station = role;
  nk.isBlank = account === undefined;
  watchContact(board, (isPlugged) => station.onContact(isPlugged));
  nk.ok();
}

function openUplink(
  stationId: number,
  network: StationNetwork,
  records: RecordStore,
  listener: UplinkListener,
): UplinkPort {
  const timer = createTrueTimer();
  const streams: LinkStream[] = [];
  for (const one of openNetworks(network, (kind, isThere) => {
    uplink.setCarrier(kind, isThere);
  })) {
    streams.push(one);
  }
  const modem = network.apn === "" ? undefined : openStationModem(network, records);
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

function openStationModem(network: StationNetwork, records: RecordStore): AtModem | undefined {
  let modem: AtModem | undefined;
  const port = openModem(board.modem, (bytes) => {
    if (modem !== undefined) modem.onBytes(bytes);
  });
  if (port === undefined) return undefined;
  const { apn, pin, host, gsmBytesPerDay } = network;
  const timer = createTrueTimer();
  const budget = createGsmBudget(records, timer, gsmBytesPerDay);
  modem = createAtModem(port, timer, { apn, pin, host, port: network.port }, budget);
  return modem;
}
