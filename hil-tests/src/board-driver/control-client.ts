// SPDX-License-Identifier: EUPL-1.2
import { connect } from "node:net";
import { createInterface } from "node:readline";

/** A helper that says nothing for so long is none. */
const ANSWER_MS_MAX = 15_000;

type Answer = Readonly<Record<string, unknown>>;

/** The helper beside a board, as a bench talks to it. */
export interface ControlClient {
  /**
   * Says one line and waits for its answer.
   *
   * @throws Error with what the helper objects to, or when it is gone or silent.
   */
  ask(words: string): Promise<Answer>;
  close(): void;
}

/**
 * Connects to the helper of a board.
 *
 * @param onEvent - Told what happened to the board by itself.
 * @throws Error of the system when nobody is there.
 */
export async function openControl(
  path: string,
  onEvent: (event: Answer) => void,
): Promise<ControlClient> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  const waiting: { resolve(answer: Answer): void; reject(error: Error): void }[] = [];
  let isGone = false;
  socket.on("error", () => undefined);
  socket.on("close", () => {
    isGone = true;
    for (const { reject } of waiting.splice(0)) reject(new Error(`${path} is gone`));
  });
  createInterface({ input: socket }).on("line", (line) => {
    const answer = JSON.parse(line) as Answer;
    const { event, fault } = answer;
    if (typeof event === "object" && event !== null) {
      onEvent(event as Answer);
      return;
    }
    const next = waiting.shift();
    if (fault === undefined) next?.resolve(answer);
    else next?.reject(new Error(String(fault)));
  });
  return {
    ask: (words) =>
      new Promise((resolve, reject) => {
        if (isGone) {
          reject(new Error(`${path} is gone`));
          return;
        }
        const timer = setTimeout(() => {
          socket.destroy(new Error(`${path} does not answer`));
        }, ANSWER_MS_MAX);
        const settled = <T>(then: (value: T) => void) => {
          return (value: T): void => {
            clearTimeout(timer);
            then(value);
          };
        };
        waiting.push({ resolve: settled(resolve), reject: settled(reject) });
        socket.write(`${words}\n`);
      }),
    close: () => void socket.destroy(),
  };
}
