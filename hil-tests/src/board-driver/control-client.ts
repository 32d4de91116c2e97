// SPDX-License-Identifier: EUPL-1.2
import { connect } from "node:net";
import { createInterface } from "node:readline";

/** A helper that says nothing for so long is none. */
const ANSWER_MS_MAX = 5_000;

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
  let why = "is gone";
  socket.on("error", () => undefined);
  socket.on("close", () => {
    isGone = true;
    for (const { reject } of waiting.splice(0)) reject(new Error(`${path} ${why}`));
  });
  const lines = createInterface({ input: socket });
  // It tells the errors of the socket once more.
  lines.on("error", () => undefined);
  lines.on("line", (line) => {
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
          reject(new Error(`${path} ${why}`));
          return;
        }
        const timer = setTimeout(() => {
          why = "does not answer";
          socket.destroy();
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

/**
 * Gives a board its power where its helper holds it back: a run that ended early may have left it so.
 *
 * @throws Error when the helper is not there.
 */
export async function wakeBoard(control: ControlClient): Promise<void> {
  const { isOn } = await control.ask("rest");
  if (isOn === false) await control.ask("power on");
}
