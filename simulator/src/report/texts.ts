// SPDX-License-Identifier: EUPL-1.2

/** A text in both languages. `{0}`, `{1}` and so on stand for values. */
export type Text = { readonly sv: string; readonly en: string };

/**
 * Every text of the report. Names, codes and numbers are the same in both languages and are put in
 * by place.
 */
export const TEXTS = {
  title: { sv: "En dag med Nyckelring", en: "A day of Nyckelring" },
  subtitle: {
    sv: "Scenario {0}, frö {1}, ett dygn. Riktigt protokoll, riktig programvara, virtuell tid. Klockan är Stockholms.",
    en: "Scenario {0}, seed {1}, one day. Real protocol, real firmware, virtual time. The clock is Stockholm’s.",
  },
  subtitleDays: {
    sv: "Scenario {0}, frö {1}, {2} dygn. Riktigt protokoll, riktig programvara, virtuell tid. Klockan är Stockholms.",
    en: "Scenario {0}, seed {1}, {2} days. Real protocol, real firmware, virtual time. The clock is Stockholm’s.",
  },
  subtitleFile: {
    sv: "Scenariofil {0}, frö {1}. Riktigt protokoll, riktig programvara, virtuell tid. Klockan är Stockholms.",
    en: "Scenario file {0}, seed {1}. Real protocol, real firmware, virtual time. The clock is Stockholm’s.",
  },
  language: { sv: "Språk", en: "Language" },
  kept: { sv: "Alla löften hölls.", en: "Every promise was kept." },
  broken: { sv: "Löften bröts: {0} gånger.", en: "Promises were broken: {0} times." },
  skip: { sv: "Hoppa till händelserna", en: "Skip to the events" },

  totals: { sv: "Dagen i siffror", en: "The day in figures" },
  mustBe: { sv: "måste vara {0}", en: "must be {0}" },
  met: { sv: "uppfyllt", en: "met" },
  missed: { sv: "inte uppfyllt", en: "missed" },
  unauthorizedOpenings: { sv: "öppningar utan behörighet", en: "openings without a right" },
  wrongDenials: { sv: "nekade trots behörighet", en: "refused in spite of a right" },
  hinderedNote: {
    sv: "{0} till nekades av en orsak som syns: ingen ström, okänd tid eller full logg",
    en: "{0} more were refused for a cause that shows: no power, unknown time or a full log",
  },
  eventsLost: { sv: "förlorade händelser", en: "events lost" },
  eventsDuplicated: { sv: "händelser lagrade två gånger", en: "events stored twice" },
  eventsHome: { sv: "händelser hemma", en: "events home" },
  ofEvents: { sv: "av {0}; {1} i redovisade luckor", en: "of {0}; {1} in declared gaps" },
  openings: { sv: "öppningar", en: "openings" },
  ofInsertions: { sv: "vid {0} isättningar", en: "in {0} insertions" },
  denials: { sv: "nekade försök", en: "refusals" },
  listedBelow: { sv: "varje nekande står nedan", en: "each one is listed below" },
  syncs: { sv: "synkningar", en: "syncs" },
  syncsNote: { sv: "{0} isättningar avbröts för tidigt", en: "{0} keys were pulled out too early" },
  forbidden: { sv: "otillåtna försök stoppade", en: "forbidden attempts stopped" },
  forbiddenAll: { sv: "alla {0} som gjordes", en: "all {0} that were made" },
  forbiddenNote: {
    sv: "av {0}; resten är kvarvarande öppningar",
    en: "of {0}; the rest are residual openings",
  },
  residualOpenings: { sv: "kvarvarande öppningar", en: "residual openings" },
  residualNote: {
    sv: "kopierad nyckel vid ett lås utan klocka dit ingen ärlig nyckel kommit sedan dess; känd gräns, räknas för sig",
    en: "a copied key at a lock without a clock that nobody honest has visited since; the known limit, counted apart",
  },

  picture: { sv: "Dagen som bild", en: "The day as a picture" },
  pictureHelp: {
    sv: "En rad per enhet, tiden från vänster till höger. Peka eller tryck på ett tecken för att läsa vad som hände; med tangentbordet går piltangenterna från tecken till tecken.",
    en: "One row for each device, time from left to right. Click or tap a mark to read what happened; on the keyboard, the arrow keys move from mark to mark.",
  },
  pictureLabel: {
    sv: "Simbanor över dagen. Piltangenterna går från händelse till händelse.",
    en: "Swim lanes of the day. Arrow keys move from event to event.",
  },
  zoom: { sv: "Bredd", en: "Width" },
  zoomDay: { sv: "Hela", en: "Whole" },
  issuer: { sv: "behörighetssystem", en: "authorization" },
  powerLane: { sv: "ström", en: "power" },
  linkLane: { sv: "nät", en: "network" },
  keysGroup: { sv: "nycklar", en: "keys" },
  testDoors: { sv: "Test", en: "Test" },
  building: { sv: "Hus {0}", en: "House {0}" },
  entrance: { sv: "entré", en: "entrance" },
  apartment: { sv: "lägenhet", en: "flat" },
  bandBattery: { sv: "elavbrott: batteri", en: "mains out: battery" },
  bandKeyPower: { sv: "nyckelns ström", en: "key power" },
  bandDark: { sv: "ingen ström", en: "no power" },
  bandGsm: { sv: "internet borta: GSM", en: "internet out: GSM" },
  bandOffline: { sv: "inget nät", en: "no network" },
  bandJammed: { sv: "kolven har fastnat", en: "bolt stuck" },
  bandNoBattery: { sv: "låset utan batteri", en: "lock without battery" },
  bandShorted: { sv: "kontakten kortsluten", en: "contacts shorted" },
  bandDirty: { sv: "smutsiga kontakter", en: "dirty contacts" },
  bandDoorOpen: { sv: "dörren öppen", en: "door open" },
  phaseTwo: { sv: "efter dagen: loggarna bärs hem", en: "after the day: logs are brought home" },

  legend: { sv: "Teckenförklaring", en: "Legend" },
  endOpened: { sv: "öppnade (in)", en: "opened (enter)" },
  endLeft: { sv: "släpptes ut", en: "let out (leave)" },
  endDenied: { sv: "nekades", en: "refused" },
  endEarly: { sv: "drogs ut för tidigt", en: "pulled out too early" },
  endResidual: { sv: "kvarvarande öppning", en: "residual opening" },
  endUnauthorized: { sv: "öppning utan behörighet", en: "opening without a right" },
  endSynced: { sv: "synkad", en: "synced" },
  endUnsynced: { sv: "synkning utan ny knippa", en: "sync without a new ring" },
  endStuck: {
    sv: "beviljad, men kolven nådde inte fram",
    en: "granted, but the bolt did not get there",
  },
  endHardware: { sv: "något hände med hårdvaran", en: "something happened to hardware" },
  endForced: { sv: "dörren bröts upp", en: "door forced open" },
  endTick: { sv: "knippa signerad", en: "ring signed" },
  endIncident: { sv: "ändring eller larm", en: "change or alarm" },

  head: { sv: "ny knippa signerad för {0}", en: "new ring signed for {0}" },
  headPreSigned: { sv: "knippa signerad i förväg för {0}", en: "ring signed in advance for {0}" },
  headEmergency: { sv: "nödknippa signerad för {0}", en: "emergency ring signed for {0}" },
  floors: { sv: "spärrlista {0} utfärdad", en: "floor list {0} issued" },
  keyRevoked: { sv: "{0} anmäls förlorad och spärras", en: "{0} is reported lost and revoked" },
  providerChanged: {
    sv: "en brukare byter utförare; ingen besöker låset",
    en: "a client changes provider; nobody visits the lock",
  },
  emergencyRequested: {
    sv: "nödöppning av {0} begärd av två godkännare",
    en: "two approvers ask for an emergency opening of {0}",
  },
  keyCopied: {
    sv: "en tjuv kopierar minnet i {0} och stannar kopians klocka",
    en: "a thief copies the memory of {0} and stops the clock of the copy",
  },

  hwJammed: {
    sv: "kolven fastnar vid {0} % av vägen",
    en: "the bolt gets stuck at {0} % of its way",
  },
  hwFreed: { sv: "kolven är fri igen", en: "the bolt is free again" },
  hwTurnedByHand: {
    sv: "den boende vrider kolven med nyckel eller vred",
    en: "the resident turns the bolt by key or handle",
  },
  hwDoorOpened: { sv: "dörren öppnas", en: "the door is opened" },
  hwDoorClosed: { sv: "dörren stängs", en: "the door is closed" },
  hwDoorForced: {
    sv: "dörren bryts upp förbi den utskjutna kolven",
    en: "the door is forced open past its thrown bolt",
  },
  hwShorted: {
    sv: "metall eller vatten kortsluter kontakten",
    en: "metal or water joins the contacts",
  },
  hwShortGone: { sv: "kontakten är ren igen", en: "the contacts are clear again" },
  hwBatteryIn: { sv: "batteriet sätts i", en: "the battery is put in" },
  hwBatteryOut: { sv: "batteriet tas ur", en: "the battery is taken out" },
  hwChargeSet: { sv: "batteriet har {0} %", en: "the battery holds {0} %" },
  hwContactsDirty: {
    sv: "kontakterna har {0} ohm för mycket",
    en: "the contacts have {0} ohm too much",
  },
  hwCold: { sv: "det blir 20 grader kallt", en: "it becomes 20 degrees below zero" },
  hwWarm: { sv: "det blir varmt igen", en: "it becomes warm again" },
  hwClockLost: { sv: "klockan glömmer tiden", en: "the clock forgets the time" },
  hwClockWrong: { sv: "klockan ställs {0} s fel", en: "the clock is put {0} s wrong" },
  hwBrownOut: {
    sv: "spänningen faller så lågt att låset startar om",
    en: "the voltage falls so low that the lock resets",
  },
  hwOverload: { sv: "nyckeln bryter för stor ström", en: "the key cuts too high a current" },
  jams: { sv: "gånger som en kolv fastnade", en: "times that a bolt got stuck" },
  jamsNote: {
    sv: "{0} försök av motorn nådde inte ändläget",
    en: "{0} tries of a motor did not reach the end",
  },
  brownOuts: { sv: "gånger som strömmen inte räckte", en: "times that power gave in" },
  brownOutsNote: {
    sv: "omstarter av lås och överströmmar i nycklar",
    en: "resets of locks and overloads of keys",
  },
  clockTroubles: { sv: "klockor som blev fel", en: "clocks that went wrong" },
  forcedDoors: { sv: "uppbrutna dörrar", en: "doors forced open" },
  stepHardware: { sv: "Hårdvara", en: "Hardware" },
  hardwareLine: { sv: "{0}: {1}.", en: "{0}: {1}." },
  hardwareOnly: { sv: "hårdvara", en: "hardware" },
  stepBolt: { sv: "Kolven", en: "Bolt" },
  boltOut: { sv: "öppet", en: "open" },
  boltIn: { sv: "låst", en: "locked" },
  turn: {
    sv: "Motorn mot {0} efter {1} ms, i {2} ms.",
    en: "Motor towards {0} after {1} ms, for {2} ms.",
  },
  turnStuck: {
    sv: "Motorn mot {0} efter {1} ms, i {2} ms: den nådde inte ändläget.",
    en: "Motor towards {0} after {1} ms, for {2} ms: it did not reach its end.",
  },
  turnCut: {
    sv: "Motorn mot {0} efter {1} ms, tills strömmen försvann.",
    en: "Motor towards {0} after {1} ms, until power was gone.",
  },
  brownOutAt: {
    sv: "Efter {0} ms räckte spänningen inte, och låset startade om.",
    en: "After {0} ms the voltage gave in, and the lock reset itself.",
  },

  parts: { sv: "Hur lång tid en öppning tar", en: "How long an opening takes" },
  partsNote: {
    sv: "{0} ärliga öppningar, virtuell tid. Arbetstiderna är räknade instruktioner och uppskattningar, inte mätningar. Delarna ordnas var för sig och kan därför inte summeras.",
    en: "{0} honest openings, virtual time. The work of boards is counted instructions and estimates, not measured. Each part is sorted on its own, so parts do not add up.",
  },
  part: { sv: "del", en: "part" },
  half: { sv: "hälften inom", en: "half within" },
  nearlyAll: { sv: "99 av 100 inom", en: "99 of 100 within" },
  partBoot: {
    sv: "låset vaknar och svarar på första hälsningen",
    en: "the lock boots and answers the first hello",
  },
  partWire: { sv: "byte på kontakterna", en: "bytes on the contacts" },
  partKeyWork: { sv: "nyckeln räknar", en: "the key computes" },
  partLockWork: {
    sv: "låset räknar, beslutar och loggar",
    en: "the lock computes, decides and logs",
  },
  partToMotor: { sv: "från isättning till motor", en: "from insertion to the motor" },
  partBolt: { sv: "motorn drar kolven", en: "the motor draws the bolt" },
  model: { sv: "Vad arbetet antas kosta", en: "What the work is assumed to cost" },
  modelNote: {
    sv: "Räknade instruktioner blir tid med 2,2 cykler per instruktion vid 64 MHz, den långsamma änden av 1,5 till 2,2. Inget är uppmätt på kretskort. Varifrån varje siffra kommer står i simulatorns compute-model.ts.",
    en: "Counted instructions become time with 2.2 cycles each at 64 MHz, the slower end of 1.5 to 2.2. Nothing is measured on a board. Where each figure comes from is in compute-model.ts of the simulator.",
  },
  modelBoot: { sv: "start till rollens program", en: "from power to the role's program" },
  modelRole: { sv: "rollen ur sitt flashminne", en: "the role made of its flash" },
  modelSession: {
    sv: "tolkens del av en session, det som någon väntar på",
    en: "the interpreter's share of a session, as far as somebody waits",
  },
  modelStep: { sv: "ett steg utöver sessionen", en: "one step beside the session" },
  modelAgreement: { sv: "X25519, en operation", en: "X25519, one operation" },
  modelPublicKey: { sv: "X25519, publik nyckel", en: "X25519, public key" },
  modelVerification: { sv: "Ed25519, kontroll", en: "Ed25519, verification" },
  modelSignature: { sv: "Ed25519, signatur", en: "Ed25519, signature" },
  modelHash: { sv: "SHA-256, 64 byte", en: "SHA-256, 64 bytes" },
  modelMac: { sv: "HMAC-SHA-256, kort", en: "HMAC-SHA-256, short" },
  modelCipher: { sv: "AES-CCM, 16 byte", en: "AES-CCM, 16 bytes" },
  modelProgram: { sv: "skrivning av 4 byte flash", en: "programming of 4 bytes of flash" },
  modelWork: { sv: "arbete", en: "work" },
  roleKey: { sv: "nyckel", en: "key" },
  roleLock: { sv: "lås", en: "lock" },
  roleStation: { sv: "station", en: "station" },
  estimate: { sv: "uppskattad", en: "estimated" },
  count: { sv: "räknad", en: "counted" },
  measurement: { sv: "uppmätt", en: "measured" },
  modelErase: { sv: "radering av en flashsida", en: "erasing of a flash page" },

  denialList: { sv: "Nekade försök", en: "Refusals" },
  noDenials: { sv: "Inget försök nekades.", en: "No attempt was refused." },
  time: { sv: "tid", en: "time" },
  key: { sv: "nyckel", en: "key" },
  door: { sv: "dörr", en: "door" },
  why: { sv: "skäl", en: "reason" },
  situation: { sv: "läge", en: "situation" },
  story: { sv: "förlopp", en: "story" },
  readStory: { sv: "Läs", en: "Read" },

  events: { sv: "Alla händelser", en: "All events" },
  filter: { sv: "Sök: enhet, ord eller kod", en: "Search: device, word or code" },
  showKind: { sv: "Visa", en: "Show" },
  allKinds: { sv: "allt", en: "everything" },
  doorsOnly: { sv: "dörrar", en: "doors" },
  refusedOnly: { sv: "nekade och avbrutna", en: "refused and cut short" },
  syncsOnly: { sv: "synkningar", en: "syncs" },
  issuerOnly: { sv: "behörighetssystemet", en: "authorization system" },
  shown: { sv: "{0} av {1} visas", en: "{0} of {1} shown" },
  noScript: {
    sv: "Bilden, siffrorna och de nekade försöken syns utan skript. Språkval, sökning och förlopp kräver JavaScript.",
    en: "Picture, figures and refusals show without scripts. Language, search and stories need JavaScript.",
  },
  close: { sv: "Stäng", en: "Close" },
  previous: { sv: "Föregående", en: "Previous" },
  next: { sv: "Nästa", en: "Next" },

  stepContact: { sv: "Kontakt", en: "Contact" },
  stepContactDoor: {
    sv: "{0}: {1} sätts i {2}. Personen vill {3}. Läge: {4}.",
    en: "{0}: {1} goes into {2}. The person wants to {3}. Situation: {4}.",
  },
  stepContactStation: {
    sv: "{0}: {1} sätts i {2} för att synka.",
    en: "{0}: {1} goes into {2} to sync.",
  },
  enter: { sv: "gå in", en: "enter" },
  leave: { sv: "gå ut", en: "leave" },
  stepMessages: { sv: "Meddelanden", en: "Messages" },
  messageHead: { sv: "ms efter isättning", en: "ms after insertion" },
  bytes: { sv: "{0} byte", en: "{0} bytes" },
  bytesCut: { sv: "{1} av {0} byte hann fram", en: "{1} of {0} bytes passed" },
  totalBytes: {
    sv: "{0} meddelanden, {1} byte åt båda håll",
    en: "{0} messages, {1} bytes in both directions",
  },
  stepDecision: { sv: "Beslut", en: "Decision" },
  decisionOpened: {
    sv: "Beviljat. Motorn startade {0} ms efter isättning.",
    en: "Granted. The motor started {0} ms after insertion.",
  },
  decisionResidual: {
    sv: "Kopian öppnade efter {0} ms: låset har ingen klocka och kan inte veta att knippan har gått ut.",
    en: "The copy opened after {0} ms: the lock has no clock and cannot know that the ring has expired.",
  },
  decisionUnauthorized: {
    sv: "Dörren öppnades efter {0} ms utan behörighet. Det är ett fel.",
    en: "The door opened after {0} ms without a right. This is a defect.",
  },
  decisionStuck: {
    sv: "Beviljat. Motorn startade {0} ms efter isättning, men kolven nådde inte fram.",
    en: "Granted. The motor started {0} ms after insertion, but the bolt did not get there.",
  },
  decisionLeft: { sv: "Beviljat: utpassage.", en: "Granted: a passage out." },
  decisionDenied: { sv: "Nekat: {0}.", en: "Refused: {0}." },
  decisionEarly: {
    sv: "Inget besked: nyckeln drogs ut {0} ms efter isättning.",
    en: "No verdict: the key was pulled out {0} ms after insertion.",
  },
  decisionSynced: { sv: "Nyckeln är klar för sitt pass.", en: "The key is ready for its shift." },
  decisionUnsynced: { sv: "Ingen ny knippa: {0}.", en: "No new ring: {0}." },
  light: { sv: "Nyckeln visade: {0}.", en: "The key showed: {0}." },
  stepLog: { sv: "Logg", en: "Log" },
  entryAt: { sv: "Post {0} i {1}: {2}.", en: "Entry {0} of {1}: {2}." },
  entryCarried: {
    sv: "Bars hem av {0}, lämnad i {1} kl. {2}, sparad av behörighetssystemet kl. {3}.",
    en: "Carried by {0}, handed over at {1} at {2}, committed by the authorization system at {3}.",
  },
  entryCommitted: {
    sv: "Sparad av behörighetssystemet kl. {0}.",
    en: "Committed by the authorization system at {0}.",
  },
  entryNotHome: { sv: "Har inte kommit hem.", en: "Has not come home." },
  entryCopy: {
    sv: "En kopias logg räknas inte; låsets post står ovan.",
    en: "The log of a copy does not count; the lock’s entry is above.",
  },
  noEntry: {
    sv: "Ingen post: kontakten bröts innan något beslutades.",
    en: "No entry: the contact ended before anything was decided.",
  },
  entryGranted: { sv: "beviljad", en: "granted" },
  entrySynced: { sv: "synkning", en: "sync" },
  stepJournal: { sv: "Journal", en: "Journal" },
  journalLine: {
    sv: "{0}: {1}. Nummer {2} i behörighetssystemets journal.",
    en: "{0}: {1}. Number {2} in the journal of the authorization system.",
  },
  outsideLine: {
    sv: "{0}: {1}. Behörighetssystemet får inte veta det.",
    en: "{0}: {1}. The authorization system is not told.",
  },

  purposeHonest: { sv: "vanligt besök", en: "an ordinary visit" },
  purposeHindered: {
    sv: "vanligt besök, hårdvara eller inställning i vägen",
    en: "an ordinary visit, hardware or a setting in the way",
  },
  purposeEmergency: { sv: "nödöppning", en: "an emergency opening" },
  purposeCollect: { sv: "ronden hämtar loggar", en: "the patrol collects logs" },
  purposeWrongDoor: { sv: "fel dörr", en: "a door without a right" },
  purposeExpiredKey: { sv: "passet är slut", en: "the shift is over" },
  purposeUnsyncedKey: { sv: "glömt att synka", en: "forgot to sync" },
  purposeRevokedCarer: { sv: "förlorad, spärrad nyckel", en: "a lost and revoked key" },
  purposeLostClient: { sv: "brukaren har bytt utförare", en: "the client has changed provider" },
  purposeExtractedKey: {
    sv: "kopierad nyckel, låset nyligen besökt",
    en: "a copied key, the lock visited lately",
  },
  purposeExtractedKeyUnvisited: {
    sv: "kopierad nyckel, låset inte besökt sedan dess",
    en: "a copied key, the lock not visited since",
  },

  signalNone: { sv: "inget", en: "nothing" },
  signalReady: { sv: "klar", en: "ready" },
  signalWorking: { sv: "arbetar", en: "working" },
  signalGranted: { sv: "beviljad", en: "granted" },
  signalDenied: { sv: "nekad", en: "denied" },
  signalNeedsSync: { sv: "behöver synkas", en: "needs sync" },
  signalExpired: { sv: "utgången", en: "expired" },
  signalBatteryLow: { sv: "lågt batteri", en: "battery low" },
  signalLogsNotHome: { sv: "loggar inte hemma", en: "logs not home" },
  signalNoContact: { sv: "ingen kontakt", en: "no contact" },

  msgHello: { sv: "hälsning", en: "hello" },
  msgHelloAnswer: { sv: "svar på hälsning", en: "answer to hello" },
  msgEdhoc1: { sv: "handskakning 1: engångsnyckel", en: "handshake 1: ephemeral key" },
  msgEdhoc2: {
    sv: "handskakning 2: låset legitimerar sig",
    en: "handshake 2: the lock proves itself",
  },
  msgEdhoc3: {
    sv: "handskakning 3: knippa, rätt och bevis",
    en: "handshake 3: ring, right and proof",
  },
  msgEdhoc4: { sv: "handskakning 4: beslut", en: "handshake 4: decision" },
  msgRecord: { sv: "krypterad post", en: "encrypted record" },
  msgRingState: { sv: "nyckeln anmäler sig", en: "the key says what it holds" },
  msgNext: { sv: "frågar efter nästa", en: "asks for the next thing" },
  msgAnswer: { sv: "mottaget och prövat", en: "received and checked" },
  msgOwnBatch: { sv: "nyckelns egen logg, förseglad", en: "the key’s own log, sealed" },
  msgCarriedBatch: { sv: "ett lås logg, förseglad", en: "a lock’s log, sealed" },
  msgDone: { sv: "klar", en: "done" },
  msgBundle: { sv: "knippa", en: "ring" },
  msgObject: { sv: "signerat objekt", en: "signed object" },
  msgStored: { sv: "lagrat", en: "stored" },
  msgWait: { sv: "vänta", en: "wait" },
  msgNone: { sv: "inget mer", en: "nothing more" },
  msgRefusal: { sv: "ingen knippa", en: "no ring" },
  msgCut: { sv: "avbrutet meddelande", en: "a message cut short" },
  times: { sv: "{0} gånger", en: "{0} times" },

  footer: {
    sv: "Gjord ur spåret av en simulerad körning; ingen bild eller text kommer utifrån och sidan hämtar inget. Enheter har nummer, inga personer nämns.",
    en: "Made of the trace of a simulated run; nothing comes from outside and the page loads nothing. Devices have numbers, no person is named.",
  },
  again: { sv: "Samma dag igen:", en: "The same day again:" },
  traceHash: { sv: "Spårets kontrollsumma:", en: "Hash of the trace:" },
  dayTick: { sv: "dag {0}", en: "day {0}" },
  brokenList: { sv: "Brutna löften", en: "Broken promises" },
} as const satisfies { readonly [name: string]: Text };

/** Name of a text. */
export type TextName = keyof typeof TEXTS;

/** The text in English with its values put in; the page puts the Swedish one in its place. */
export function englishOf(name: TextName, ...values: readonly (string | number)[]): string {
  return values.reduce<string>(
    (text, value, index) => text.replaceAll(`{${index}}`, String(value)),
    TEXTS[name].en,
  );
}

/** The name of a text made of a prefix and a name with hyphens, such as `signal` and `needs-sync`. */
export function textNameOf(prefix: string, name: string): TextName {
  const camel = name
    .split("-")
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
  const full = `${prefix}${camel}`;
  if (!isTextName(full)) throw new Error(`the report has no text ${full}`);
  return full;
}

function isTextName(name: string): name is TextName {
  return Object.hasOwn(TEXTS, name);
}
