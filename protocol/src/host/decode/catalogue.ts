// SPDX-License-Identifier: EUPL-1.2
// Every structure of the specification with the names of its parts.

import { UINT_MAX } from "../../cbor/value.ts";
import * as types from "../../message/types.ts";
import { describe } from "../describe.ts";
import {
  either,
  encoded,
  type Form,
  list,
  map,
  number,
  octets,
  oneOf,
  orNothing,
  tuple,
} from "./forms.ts";

const n = number();
const devid = octets(8);
const kid = octets(4);
const hash = octets(32);
const time = number((value) =>
  value === UINT_MAX ? "no end" : new Date(value * 1000).toISOString(),
);
const code = number((value) => (value === 0 ? "granted, or done" : describe(value)?.label));
const op = oneOf({ 0: "neither", 1: "enter", 2: "leave" });
const ops = oneOf({ 1: "enter", 2: "leave", 3: "enter and leave" });
const quality = oneOf({ 0: "time floor only", 1: "own clock, unchecked", 2: "own clock, checked" });
const flags = number((value) =>
  ["emergency", "clock-unknown ok", "courier only", "stop at full log"]
    .filter((_, bit) => (value & (1 << bit)) !== 0)
    .join(", "),
);
const role = oneOf({ 1: "key", 2: "lock", 3: "station" });
const profile = oneOf({ 0: "key-powered", 1: "with clock" });
const clockUnknown = oneOf({ 0: "open and flag", 1: "deny", 2: "flagged heads only" });
const typ = oneOf({
  65001: "ring-head",
  65002: "lock-cert",
  65003: "issuer-cert",
  65004: "floor-list",
  65005: "time-grant",
  65006: "log-head",
  65007: "log-ack",
  65008: "lock-config",
  65009: "fw-note",
  65010: "sealed",
  65011: "resend",
  65012: "fw-permit",
  65013: "service-permit",
});

const cnf = (curve: number, curveName: string, id: Form) =>
  map([
    [
      1,
      "COSE_Key",
      map([
        [1, "kty", oneOf({ 1: "OKP" })],
        [2, "kid", id],
        [-1, "crv", oneOf({ [curve]: curveName })],
        [-2, "x", hash],
      ]),
    ],
  ]);
const deviceCnf = cnf(4, "X25519", devid);
const issuerCnf = cnf(6, "Ed25519", kid);
const claims = (label: number, name: string, claim: Form, holder?: Form) =>
  map([
    [4, "exp", time],
    [6, "iat", time],
    ...(holder === undefined ? [] : [[8, "cnf", holder] as const]),
    [label, name, claim],
  ]);
const acknowledged = tuple([
  ["devid", devid],
  ["logEpoch", n],
  ["n", n],
  ["chain16", octets(16)],
]);
const configAnchor = tuple(
  [
    ["authority", n],
    ["kid", kid],
    ["root key", hash],
    ["operations", ops],
    ["maxvalid s", n],
    ["agreement key", hash],
    ["lowest issuer epoch", n],
  ],
  1,
);

/** Payloads of the signed kinds by typ. @internal */
export const PAYLOADS: ReadonlyMap<number, readonly [name: string, form: Form]> = new Map([
  [
    types.TYP_RING_HEAD,
    [
      "ring-head",
      map([
        [4, "exp", time],
        [5, "nbf", time],
        [6, "iat", time],
        [8, "cnf", deviceCnf],
        [
          -65537,
          "ring",
          tuple([
            ["ringseq", n],
            ["size", n],
            ["root", hash],
            ["flags", flags],
            ["needlist", n],
          ]),
        ],
      ]),
    ],
  ],
  [
    types.TYP_LOCK_CERTIFICATE,
    [
      "lock-cert",
      claims(
        -65538,
        "lock",
        tuple([
          ["door", n],
          ["groups", list("group", n)],
          ["Ed25519 key", hash],
        ]),
        deviceCnf,
      ),
    ],
  ],
  [
    types.TYP_ISSUER_CERTIFICATE,
    [
      "issuer-cert",
      claims(
        -65539,
        "issuer",
        tuple([
          ["level", oneOf({ 1: "rings", 2: "devices", 3: "firmware" })],
          ["issuerEpoch", n],
          ["authority", n],
        ]),
        issuerCnf,
      ),
    ],
  ],
  [
    types.TYP_FLOOR_LIST,
    [
      "floor-list",
      claims(
        -65540,
        "floors",
        tuple([
          ["listseq", n],
          ["ringfloor", n],
          [
            "floors",
            list(
              "floor",
              tuple([
                ["devid", devid],
                ["minring", n],
              ]),
            ),
          ],
        ]),
      ),
    ],
  ],
  [
    types.TYP_TIME_GRANT,
    [
      "time-grant",
      tuple([
        ["devid", devid],
        ["nonce", octets(8)],
        ["now", time],
      ]),
    ],
  ],
  [
    types.TYP_LOG_HEAD,
    [
      "log-head",
      tuple([
        ["devid", devid],
        ["logEpoch", n],
        ["authority", n],
        ["n", n],
        ["chain", hash],
        ["time", time],
        ["time quality", quality],
      ]),
    ],
  ],
  [
    types.TYP_LOG_ACK,
    [
      "log-ack",
      tuple([
        ["authority", n],
        ["acknowledgements", list("ack", acknowledged)],
      ]),
    ],
  ],
  [
    types.TYP_LOCK_CONFIG,
    [
      "lock-config",
      tuple([
        ["devid", devid],
        ["door", n],
        ["cfgseq", n],
        ["groups", list("group", n)],
        ["anchors", list("anchor", configAnchor)],
        [
          "lock",
          tuple([
            ["profile", profile],
            ["clock unknown", clockUnknown],
          ]),
        ],
      ]),
    ],
  ],
  [
    types.TYP_FIRMWARE_NOTE,
    [
      "fw-note",
      tuple([
        ["model", n],
        ["version", n],
        ["security version", n],
        ["size", n],
        ["digest", hash],
      ]),
    ],
  ],
  [
    types.TYP_FIRMWARE_PERMIT,
    [
      "fw-permit",
      tuple([
        ["board", octets(8)],
        ["manifest", hash],
        ["until", time],
      ]),
    ],
  ],
  [
    types.TYP_SERVICE_PERMIT,
    [
      "service-permit",
      tuple([
        ["devid", octets(8)],
        ["serial", n],
        ["until", time],
      ]),
    ],
  ],
  [
    types.TYP_RESEND,
    [
      "resend",
      tuple([
        ["authority", n],
        [
          "requests",
          list(
            "request",
            tuple([
              ["devid", devid],
              ["logEpoch", n],
              ["from", n],
            ]),
          ),
        ],
      ]),
    ],
  ],
]);

const signed: Form = (name, value) => {
  for (const [kind, payload] of PAYLOADS.values()) {
    const field = signedOf(payload)(`${name}: ${kind}`, value);
    if (field !== undefined) return field;
  }
  return undefined;
};

/** The protected header of a COSE_Sign1. @internal */
export const SIGNED_HEADER: Form = map([
  [1, "alg", oneOf({ [-19]: "Ed25519" })],
  [4, "kid", kid],
  [16, "typ", typ],
]);

/** A COSE_Sign1 whose payload has a form. @internal */
export function signedOf(payload: Form): Form {
  return tuple([
    ["protected", encoded(SIGNED_HEADER)],
    ["unprotected", map([])],
    ["payload", encoded(payload)],
    ["signature", octets(64)],
  ]);
}

const object = either(encoded(signed), octets());
const foreign = number((kind) => `door of authority ${kind - types.LEAF_FOREIGN}`);
const leafParts = [
  ["kind", either(oneOf({ 0: "door", 1: "group" }), foreign)],
  ["target", n],
  ["operations", ops],
  ["until", time],
] as const;
const leaf = tuple(leafParts);
const saltedLeaf = tuple([...leafParts, ["salt", octets(8)]]);
const path = octets();
const entry = tuple([
  ["n", n],
  ["time", time],
  ["time quality", quality],
  [
    "kind",
    oneOf({
      1: "passage",
      2: "denied at key",
      3: "sync",
      4: "gap",
      5: "bolt",
      6: "object applied",
      7: "power",
      8: "boot",
    }),
  ],
  ["operation", op],
  ["reason", code],
  ["peer", devid],
  ["ring", n],
  ["target", n],
]);
const delta = tuple([
  ["base16", octets(16)],
  ["new16", octets(16)],
  [
    "runs",
    list(
      "run",
      tuple([
        ["first slot", n],
        ["slots", list("slot", orNothing(leaf))],
      ]),
    ),
  ],
]);
const bundle = tuple([
  ["head", object],
  ["delta", orNothing(either(encoded(delta), octets()))],
  ["floors", orNothing(object)],
]);
const timeAsk = tuple([
  ["devid", devid],
  ["nonce", octets(8)],
]);
const ringState = tuple([
  ["devid", devid],
  ["ringseq", n],
  ["root16", octets(16)],
  ["listseq", n],
  ["nonce", octets(8)],
  ["battery percent", n],
  ["time asks", list("ask", timeAsk)],
]);
const nothing: Form = (name, value) => (value === null ? { name, value } : undefined);
const typed = (type: number, name: string, bodyName: string, body: Form) =>
  tuple([
    ["type", oneOf({ [type]: name })],
    [bodyName, body],
  ]);
const keyStation = either(
  typed(1, "ring-state", "state", ringState),
  typed(2, "next", "nothing", nothing),
  typed(3, "answer", "code", code),
  typed(4, "own batch", "octets", octets()),
  typed(5, "carried batch", "octets", octets()),
  typed(6, "done", "nothing", nothing),
  typed(
    11,
    "bundle",
    "part",
    tuple([
      ["part", n],
      ["parts", n],
      ["bundle", either(encoded(bundle), octets())],
    ]),
  ),
  typed(12, "object", "object", object),
  typed(13, "stored", "code", code),
  typed(14, "wait", "nothing", nothing),
  typed(15, "none", "nothing", nothing),
  typed(16, "refusal", "code", code),
);
const objects = list("object", object);
const overBroker = (type: number, name: string, body: Form) =>
  tuple([
    ["seq", n],
    ["type", oneOf({ [type]: name })],
    ["body", body],
    ["mac", octets(16)],
  ]);
const ups = either(
  overBroker(
    1,
    "status",
    tuple([
      ["now", time],
      ["power", oneOf({ 0: "mains", 1: "battery", 2: "key" })],
      ["battery percent", n],
      ["link", oneOf({ 0: "none", 1: "LAN", 2: "Wi-Fi", 3: "GSM" })],
      ["queued", n],
    ]),
  ),
  overBroker(2, "key-present", ringState),
  overBroker(3, "upload", tuple([["sealed", octets()]])),
  overBroker(
    4,
    "station-log",
    tuple([
      [
        "events",
        list(
          "event",
          tuple([
            ["time", time],
            ["event", code],
            ["detail", n],
          ]),
        ),
      ],
    ]),
  ),
);
const downs = either(
  overBroker(
    1,
    "bundle",
    tuple([
      ["devid", devid],
      ["hold", oneOf({ 0: "for the key in contact", 1: "keep", 2: "more follows" })],
      ["part", n],
      ["parts", n],
      ["bundle", either(encoded(bundle), octets())],
      ["objects", objects],
    ]),
  ),
  overBroker(
    2,
    "objects",
    tuple([
      ["devid", devid],
      ["objects", objects],
    ]),
  ),
  overBroker(3, "upload-ack", list("seq", n)),
  overBroker(
    4,
    "config",
    tuple([
      ["now", time],
      ["presigned per key", n],
    ]),
  ),
  overBroker(
    5,
    "refused",
    tuple([
      ["devid", devid],
      ["code", code],
    ]),
  ),
  overBroker(
    6,
    "service",
    tuple([
      ["serial", n],
      ["until", time],
    ]),
  ),
);

/** Structures that are not signed, in the order in which they are tried. @internal */
export const STRUCTURES: readonly (readonly [name: string, form: Form])[] = [
  [
    "sealed",
    tuple([
      [
        "protected",
        encoded(
          map([
            [1, "alg", oneOf({ 30: "AES-CCM-16-128-128" })],
            [4, "kid", devid],
            [5, "IV", octets(13)],
            [16, "typ", oneOf({ 65010: "sealed" })],
          ]),
        ),
      ],
      ["unprotected", map([])],
      ["ciphertext", octets()],
    ]),
  ],
  [
    "credential",
    tuple([
      ["head", encoded(signed)],
      ["slot", n],
      ["leaf", encoded(saltedLeaf)],
      ["path", path],
    ]),
  ],
  [
    "anchor-file",
    tuple([
      ["root key", hash],
      ["certificates", list("certificate", object)],
    ]),
  ],
  [
    "presentation",
    tuple([
      ["operation", op],
      ["slot", n],
      ["leaf", encoded(saltedLeaf)],
      ["path", path],
    ]),
  ],
  ["salted-leaf", saltedLeaf],
  ["leaf", leaf],
  ["ring-bundle", bundle],
  ["ring-delta", delta],
  ["entry", entry],
  [
    "log-batch",
    tuple([
      ["devid", devid],
      ["logEpoch", n],
      ["authority", n],
      ["first", n],
      ["previous chain", hash],
      ["entries", list("entry", either(encoded(entry), octets()))],
      ["log head", object],
    ]),
  ],
  [
    "hello",
    tuple([
      ["version", oneOf({ 1: "this one" })],
      ["role", role],
    ]),
  ],
  [
    "hello-answer",
    tuple([
      ["version", n],
      ["role", role],
      ["profile", profile],
      ["devid", orNothing(devid)],
    ]),
  ],
  ["key-station", keyStation],
  ["up", ups],
  ["down", downs],
  [
    "decision",
    tuple(
      [
        ["code", code],
        ["lock's entry", n],
        ["time", time],
        [
          "wants",
          list(
            "want",
            oneOf({ 1: "floor list", 2: "time grant", 3: "acknowledgement", 4: "configuration" }),
          ),
        ],
      ],
      1,
    ),
  ],
];
