// SPDX-License-Identifier: EUPL-1.2

const XON = 17;
const XOFF = 19;
const FIFO_BYTES = 1024;
const XOFF_AT = 768;
const XON_AT = 256;
const TICK_MS = 2;
/** Start bit, eight bits, stop bit. */
const BITS_PER_OCTET = 10;

/** What a line can do to the octets that a board receives. */
export interface UartOptions {
  /** Bits a second; 0 moves everything at once, as a pseudo terminal would. */
  readonly baud: number;
  /** Whether the board asks for a pause with XOFF before its buffer is full. */
  readonly hasFlowControl: boolean;
  /** Whether the far end obeys XOFF right now; asked when one was sent. */
  readonly isXoffObeyed: () => boolean;
  /** Whether the processor is free to take octets out of the buffer. */
  readonly isFree: () => boolean;
  /** One octet for the processor. */
  readonly onOctet: (octet: number) => void;
  /** Octets for the far end, at the speed of the line. */
  readonly onSend: (octets: Uint8Array) => void;
  /** So many octets of the program have left; flow control is none of them. */
  readonly onSent?: (octets: number) => void;
  /** Octets that came while the buffer was full are gone. */
  readonly onDrop: (count: number) => void;
}

/** The serial line of a virtual board, as slow and as forgetful as a real one. */
export interface Uart {
  /** Octets that the far end has written; they arrive at the speed of the line. */
  receive(octets: Uint8Array): void;
  send(octets: Uint8Array): void;
  /** Takes out what the processor can take now. */
  poll(): void;
  /** Whether no octet is under way in either direction. */
  isEmpty(): boolean;
  stop(): void;
}

/**
 * A UART with a receive buffer of 1024 octets.
 *
 * A pseudo terminal moves a thousand times more octets a second than a line of 115200 baud and loses
 * none; the commonest fault of a real upload would stay hidden. Here octets arrive at the speed
 * of the line; what the far end writes although it was told to pause overflows the buffer and is
 * lost. A far end that obeys holds its octets back, as the driver of a real port does.
 */
export function openUart(options: UartOptions): Uart {
  const incoming: number[] = [];
  const fifo: number[] = [];
  const outgoing: number[] = [];
  const octetsPerMs = options.baud / BITS_PER_OCTET / 1000;
  let isPaused = false;
  let isHeld = false;
  let receiveCredit = 0;
  let sendCredit = 0;
  let lastMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  function control(octet: number): void {
    // Flow control overtakes what waits to be sent.
    options.onSend(Uint8Array.of(octet));
  }

  function arrive(count: number): void {
    let dropped = 0;
    for (const octet of incoming.splice(0, count)) {
      if (fifo.length >= FIFO_BYTES) {
        dropped += 1;
      } else {
        fifo.push(octet);
      }
    }
    if (dropped > 0) {
      options.onDrop(dropped);
    }
    if (options.hasFlowControl && !isPaused && fifo.length >= XOFF_AT) {
      isPaused = true;
      control(XOFF);
      isHeld = options.isXoffObeyed();
    }
  }

  function drain(): void {
    while (fifo.length > 0 && options.isFree() && !isStopped) {
      options.onOctet(fifo.shift() ?? 0);
    }
    if (isPaused && fifo.length <= XON_AT) {
      isPaused = false;
      isHeld = false;
      control(XON);
    }
  }

  function depart(count: number): void {
    if (outgoing.length > 0 && count > 0) {
      const octets = Uint8Array.from(outgoing.splice(0, count));
      options.onSend(octets);
      options.onSent?.(octets.length);
    }
  }

  function step(): void {
    timer = undefined;
    if (isStopped) {
      return;
    }
    const nowMs = performance.now();
    const credit = (nowMs - lastMs) * octetsPerMs;
    lastMs = nowMs;
    receiveCredit = isHeld || incoming.length === 0 ? 0 : receiveCredit + credit;
    sendCredit = outgoing.length === 0 ? 0 : sendCredit + credit;
    const arriving = Math.floor(receiveCredit);
    receiveCredit -= arriving;
    const departing = Math.floor(sendCredit);
    sendCredit -= departing;
    // In small portions, so that a processor that is free empties the buffer while more comes, and a
    // far end that obeys is held at once, however late this step is.
    for (let done = 0; done < arriving && !isHeld; done += XON_AT) {
      arrive(Math.min(XON_AT, arriving - done));
      drain();
    }
    drain();
    depart(departing);
    schedule();
  }

  function schedule(): void {
    const isBusy = incoming.length > 0 || fifo.length > 0 || outgoing.length > 0;
    if (timer === undefined && isBusy && !isStopped) {
      timer = setTimeout(step, TICK_MS);
    }
  }

  function wake(): void {
    if (timer === undefined) {
      lastMs = performance.now();
      schedule();
    }
  }

  return {
    receive(octets) {
      for (const octet of octets) {
        incoming.push(octet);
      }
      if (options.baud === 0) {
        fifo.push(...incoming.splice(0));
        drain();
      }
      wake();
    },
    send(octets) {
      if (isStopped) {
        return;
      }
      if (options.baud === 0) {
        options.onSend(octets);
        options.onSent?.(octets.length);
        return;
      }
      for (const octet of octets) {
        outgoing.push(octet);
      }
      wake();
    },
    poll: wake,
    isEmpty: () => incoming.length + fifo.length + outgoing.length === 0,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
