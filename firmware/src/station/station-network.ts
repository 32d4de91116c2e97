// SPDX-License-Identifier: EUPL-1.2
import {
  bytesUpTo,
  type CborValue,
  decodeCbor,
  encodeCbor,
  octetAt,
  tuple,
  uint16,
  uint32,
} from "@nyckelring/protocol";
import type { RecordStore } from "../shared/record-store.ts";
import { RECORD_NETWORK } from "./station-layout.ts";

const NAME_BYTES_MAX = 64;

/** What a station has to know of the networks around it; told at enrolment, over the cable. */
export interface StationNetwork {
  /** Name or address of the broker, ASCII, at most 64 characters; so are all texts here. */
  readonly host: string;
  /** TCP port of the broker, 1 to 65535. */
  readonly port: number;
  /** Login at the broker; an empty user for none. */
  readonly user: string;
  readonly password: string;
  /** Wireless network of the office; an empty name for none. */
  readonly wifiName: string;
  readonly wifiPassword: string;
  /** Access point name of the mobile operator; empty for a station without a SIM card. */
  readonly apn: string;
  /** PIN of the SIM card; empty for none. */
  readonly pin: string;
  /** Octets that may go over the mobile network in a day, both ways, 0 to 4294967295. */
  readonly gsmBytesPerDay: number;
}

const TEXT = bytesUpTo(NAME_BYTES_MAX);
const NETWORK = tuple([TEXT, uint16, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, uint32]);

/** Keeps the settings; they take the place of earlier ones. */
export function writeNetwork(records: RecordStore, network: StationNetwork): void {
  const fields: CborValue[] = [
    octetsOf(network.host),
    network.port,
    octetsOf(network.user),
    octetsOf(network.password),
    octetsOf(network.wifiName),
    octetsOf(network.wifiPassword),
    octetsOf(network.apn),
    octetsOf(network.pin),
    network.gsmBytesPerDay,
  ];
  records.write(RECORD_NETWORK, encodeCbor(fields));
}

/** Reads the settings; undefined where none were given, or nothing that can be read. */
export function readNetwork(records: RecordStore): StationNetwork | undefined {
  const bytes = records.read(RECORD_NETWORK);
  const decoded = bytes === undefined ? undefined : decodeCbor(bytes);
  if (decoded === undefined || !decoded.ok || !NETWORK(decoded.value)) return undefined;
  const fields = decoded.value;
  return {
    host: textOf(fields[0]),
    port: fields[1],
    user: textOf(fields[2]),
    password: textOf(fields[3]),
    wifiName: textOf(fields[4]),
    wifiPassword: textOf(fields[5]),
    apn: textOf(fields[6]),
    pin: textOf(fields[7]),
    gsmBytesPerDay: fields[8],
  };
}

function octetsOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}

function textOf(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 1) {
    text += String.fromCharCode(octetAt(bytes, index));
  }
  return text;
}
