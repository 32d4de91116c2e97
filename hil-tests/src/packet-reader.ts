// SPDX-License-Identifier: EUPL-1.2

const SOH = 1;
const ACK = 6;
const DLE = 16;
const XON = 17;
const XOFF = 19;
const NAK = 21;
const TYPE_MASK = 0xe000;

/** What the stream of a console is made of. */
export type ConsoleToken =
  | { readonly kind: "ack" }
  | { readonly kind: "nak" }
  | { readonly kind: "packet"; readonly type: number; readonly content: string }
  | { readonly kind: "text"; readonly text: string };

/** Cuts the octets of a console into answers and text. */
export interface PacketReader {
  push(octets: Uint8Array): void;
  /** Octets of a packet that has begun and not ended; 0 between packets. */
  pendingBytes(): number;
  reset(): void;
}

/** @param onToken - Told of each answer, and of text in portions; octets are characters in it. */
export function createPacketReader(onToken: (token: ConsoleToken) => void): PacketReader {
  let packet: number[] | undefined;
  let hadDle = false;
  let text = "";

  function flushText(): void {
    if (text !== "") {
      onToken({ kind: "text", text });
      text = "";
    }
  }

  function pushPacketOctet(octets: number[], octet: number): void {
    octets.push(octet);
    const head = ((octets[0] ?? 0) << 8) | (octets[1] ?? 0);
    if (octets.length >= 2 && octets.length === 2 + (head & ~TYPE_MASK)) {
      packet = undefined;
      const content = Buffer.from(octets.slice(2)).toString("latin1");
      onToken({ kind: "packet", type: head & TYPE_MASK, content });
    }
  }

  function pushOctet(octet: number): void {
    if (packet !== undefined) {
      pushPacketOctet(packet, octet);
      return;
    }
    const afterDle = hadDle;
    hadDle = octet === DLE;
    if (octet === SOH && afterDle) {
      flushText();
      packet = [];
    } else if (octet === ACK || octet === NAK) {
      flushText();
      onToken({ kind: octet === ACK ? "ack" : "nak" });
    } else if (octet !== DLE && octet !== XON && octet !== XOFF) {
      text += String.fromCharCode(octet);
    }
  }

  return {
    push(octets) {
      for (const octet of octets) {
        pushOctet(octet);
      }
      flushText();
    },
    pendingBytes: () => packet?.length ?? 0,
    reset() {
      packet = undefined;
      hadDle = false;
      text = "";
    },
  };
}
