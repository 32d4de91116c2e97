// SPDX-License-Identifier: EUPL-1.2

import { USAGE } from "@nyckelring/protocol";
import type { Command } from "commander";
import { ToolError } from "./tool-error.ts";

/** The shells that are served. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** What can follow a path of commands: further commands and options. */
type Words = { readonly path: string; readonly words: readonly string[] };

/**
 * A script that completes commands and options, made from the commands themselves so that it never
 * lags behind them.
 *
 * @throws ToolError `USAGE` for another shell.
 */
export function completionScript(program: Command, shell: string): string {
  const table = collect(program, "");
  switch (shell) {
    case "bash":
      return bashScript(table);
    case "zsh":
      return zshScript(table);
    case "fish":
      return fishScript(table);
    default:
      throw new ToolError({
        code: USAGE,
        message: `there is no completion for "${shell}"`,
        state: "nothing was printed",
        hint: `choose one of ${SHELLS.join(", ")}`,
        details: { shell },
      });
  }
}

function collect(command: Command, path: string): readonly Words[] {
  const children = command.commands.filter((child) => child.name() !== "help");
  const options = command.options.flatMap(({ long }) => (long ? [long] : []));
  const own = { path, words: [...children.map((child) => child.name()), ...options, "--help"] };
  return [
    own,
    ...children.flatMap((child) =>
      collect(child, path === "" ? child.name() : `${path} ${child.name()}`),
    ),
  ];
}

function cases(table: readonly Words[]): string {
  return table.map(({ path, words }) => `    "${path}") words="${words.join(" ")}" ;;`).join("\n");
}

/** The part that bash and zsh share: the longest known path of commands on the line. */
function findPath(table: readonly Words[], words: string): string {
  const known = table.filter(({ path }) => path !== "").map(({ path }) => `"${path}"`);
  return [
    '  local path="" try word words',
    `  for word in ${words}; do`,
    '    try="$' + '{path:+$path }$word"',
    `    case "$try" in ${known.join("|")}) path="$try" ;; esac`,
    "  done",
    '  case "$path" in',
    cases(table),
    "  esac",
  ].join("\n");
}

function bashScript(table: readonly Words[]): string {
  return (
    `# nyckel completion for bash; put it in use with: source <(nyckel completion bash)
_nyckel() {
${findPath(table, '"$' + '{COMP_WORDS[@]:1:COMP_CWORD-1}"')}
  COMPREPLY=($(compgen -W "$words" -- "$` +
    `{COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _nyckel nyckel
`
  );
}

function zshScript(table: readonly Words[]): string {
  return (
    `#compdef nyckel
# nyckel completion for zsh; put it in use with: source <(nyckel completion zsh)
_nyckel() {
${findPath(table, '"$' + '{words[@]:1:$((CURRENT-2))}"')
  .replace("try word words", "try word candidates")
  .replaceAll(' words="', ' candidates="')}
  compadd -- $` +
    `{=candidates}
  _files
}
compdef _nyckel nyckel
`
  );
}

function fishScript(table: readonly Words[]): string {
  const lines = table.flatMap(({ path, words }) => {
    const parts = path === "" ? [] : path.split(" ");
    const seen = parts.map((part) => `__fish_seen_subcommand_from ${part}`);
    const children = words.filter((word) => !word.startsWith("--"));
    // Once a further command is there, only that one's words are of use.
    const open =
      children.length === 0 ? [] : [`not __fish_seen_subcommand_from ${children.join(" ")}`];
    const condition =
      parts.length === 0 ? "__fish_use_subcommand" : [...seen, ...open].join("; and ");
    return words.map((word) =>
      word.startsWith("--")
        ? `complete -c nyckel -n '${condition}' -l ${word.slice(2)}`
        : `complete -c nyckel -n '${condition}' -a ${word}`,
    );
  });
  return `# nyckel completion for fish; put it in use with: nyckel completion fish | source\n${lines.join("\n")}\n`;
}
