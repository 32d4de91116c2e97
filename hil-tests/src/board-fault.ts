// SPDX-License-Identifier: EUPL-1.2

/** What a person needs when something with a board went wrong. */
export type BoardFaultParts = {
  /** Number in the one table of codes. */
  readonly code: number;
  /** What went wrong, with the port or the file. */
  readonly message: string;
  /** What the board is now, where the thrower knows it. */
  readonly state?: string;
  /** The next step, where the thrower knows a better one than the table. */
  readonly hint?: string;
  readonly details?: { readonly [name: string]: string | number };
};

/** A failure of a port, a line or a board: thrown here, explained by the command. */
export class BoardFault extends Error {
  readonly parts: BoardFaultParts;

  constructor(parts: BoardFaultParts) {
    super(parts.message);
    this.name = "BoardFault";
    this.parts = parts;
  }
}
