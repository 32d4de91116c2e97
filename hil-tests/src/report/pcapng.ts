// SPDX-License-Identifier: EUPL-1.2
import type { CaseResult } from "../run/run-suite.ts";

// Block types and options of pcapng (draft-ietf-opsawg-pcapng §4 and §3.5).
const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER = 0x1a2b3c4d;
const INTERFACE = 1;
const ENHANCED_PACKET = 6;
const OPTION_END = 0;
const OPTION_COMMENT = 1;
const OPTION_IF_NAME = 2;
/** LINKTYPE_USER0 of the registry of link types. */
const LINKTYPE_USER0 = 147;
const SNAP_BYTES = 65_535;
const CONTACT = 0;
const BROKER = 1;
/** Cases lie this far apart, in microseconds. */
const CASE_GAP_US = 1_000_000;

/**
 * Writes all messages of a run as a capture for Wireshark. There are two interfaces, `contact` and
 * `broker`; a packet is one octet for the direction (0 up: key to device, station to issuer; 1 the
 * other way) and the octets as they passed. Each packet has its case and its ends as a comment.
 *
 * @param startUs - Microseconds since 1970 of the start of the run.
 */
export function writePcapng(cases: readonly CaseResult[], startUs: number): Uint8Array {
  const blocks = [
    sectionHeader(),
    interfaceBlock("contact: octet 0 is the direction, then frames of the link"),
    interfaceBlock("broker: octet 0 is the direction, then one message"),
  ];
  let baseUs = startUs;
  for (const one of cases) {
    const contacts = one.record.frames.map(({ t, from, to, hex }) => {
      const direction = isKey(from) ? 0 : 1;
      const comment = `${one.id}: ${from} to ${to}`;
      return { t, octets: packet(CONTACT, baseUs + t, direction, hex, comment) };
    });
    const messages = one.record.brokerFrames.map(({ t, station, direction, link, hex }) => {
      const comment = `${one.id}: ${station} ${direction} over ${link}`;
      return { t, octets: packet(BROKER, baseUs + t, direction === "up" ? 0 : 1, hex, comment) };
    });
    // Readers of captures want the order of time, whatever the interface.
    const packets = [...contacts, ...messages].sort((left, right) => left.t - right.t);
    blocks.push(...packets.map(({ octets }) => octets));
    baseUs += one.record.lastUs + CASE_GAP_US;
  }
  return Buffer.concat(blocks);
}

function isKey(name: string): boolean {
  return /(^|-)(key|copy|probe)(-|$)/.test(name);
}

function block(type: number, body: Uint8Array): Buffer {
  const bytes = 12 + body.length;
  const result = Buffer.alloc(bytes);
  result.writeUInt32LE(type, 0);
  result.writeUInt32LE(bytes, 4);
  result.set(body, 8);
  result.writeUInt32LE(bytes, bytes - 4);
  return result;
}

function sectionHeader(): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(BYTE_ORDER, 0);
  body.writeUInt16LE(1, 4);
  // The length of the section is not said.
  body.writeBigInt64LE(-1n, 8);
  return block(SECTION_HEADER, body);
}

function interfaceBlock(name: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(LINKTYPE_USER0, 0);
  head.writeUInt32LE(SNAP_BYTES, 4);
  return block(INTERFACE, Buffer.concat([head, option(OPTION_IF_NAME, name), endOfOptions()]));
}

function packet(
  from: number,
  atUs: number,
  direction: number,
  hex: string,
  comment: string,
): Buffer {
  const octets = Buffer.concat([Buffer.from([direction]), Buffer.from(hex, "hex")]);
  const head = Buffer.alloc(20);
  const time = BigInt(Math.round(atUs));
  head.writeUInt32LE(from, 0);
  head.writeUInt32LE(Number(time >> 32n), 4);
  head.writeUInt32LE(Number(time & 0xffff_ffffn), 8);
  head.writeUInt32LE(octets.length, 12);
  head.writeUInt32LE(octets.length, 16);
  const options = [option(OPTION_COMMENT, comment), endOfOptions()];
  return block(ENHANCED_PACKET, Buffer.concat([head, padded(octets), ...options]));
}

function option(code: number, text: string): Buffer {
  const value = Buffer.from(text, "utf8");
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, padded(value)]);
}

function endOfOptions(): Buffer {
  const end = Buffer.alloc(4);
  end.writeUInt16LE(OPTION_END, 0);
  return end;
}

function padded(octets: Uint8Array): Buffer {
  return Buffer.concat([octets, Buffer.alloc((4 - (octets.length % 4)) % 4)]);
}
