// SPDX-License-Identifier: EUPL-1.2
// The one table of codes. Devices, tools, interfaces and documents take names, texts and numbers
// from here; `scripts/src/generate-codes.ts` writes the constants of `code.ts` from it.
//
// A number is never reused and never renumbered. The high byte is the layer: 01 link and frame,
// 02 CBOR and COSE, 03 credential and claims, 04 activation and revocation, 05 session, 06 event
// log, 07 storage, 08 board and bench, 09 authorization system and tools, 7F internal.

/**
 * What a machine that meets the code does next: try again at once, wait and try again, drop the
 * message and listen on, refuse and tell, or start afresh.
 * @public
 */
export type RetryAction = "retry" | "wait" | "drop" | "refuse" | "reset";

/**
 * Who speaks with the code: `decision` is a lock's or key's answer to a person, `fault` is something
 * that did not work, `refusal` is a rule of the authorization system, `defect` is our own error.
 * @public
 */
export type CodeKind = "decision" | "fault" | "refusal" | "defect";

/**
 * One row of the table.
 * @public
 */
export interface CodeEntry {
  readonly number: number;
  readonly name: string;
  readonly kind: CodeKind;
  readonly en: string;
  readonly sv: string;
  readonly remedyEn: string;
  readonly remedySv: string;
  /** Exit code of a command that ends with it. */
  readonly exit: number;
  readonly action: RetryAction;
}

/**
 * All codes, in the order of their numbers. 0 is no code: it means granted, or done.
 * @public
 */
export const CODES: readonly CodeEntry[] = [
  {
    number: 0x0101, name: "FRAME_GARBLED", kind: "fault", exit: 5, action: "drop",
    en: "A frame on the link was damaged or came out of order.",
    sv: "En ram på länken var skadad eller kom i fel ordning.",
    remedyEn: "Seat the key again; clean the contacts if it returns.",
    remedySv: "Sätt i nyckeln igen; rengör kontakterna om felet återkommer.",
  },
  {
    number: 0x0102, name: "FRAME_TOO_LONG", kind: "fault", exit: 5, action: "drop",
    en: "A message on the link was longer than 4096 octets.",
    sv: "Ett meddelande på länken var längre än 4096 oktetter.",
    remedyEn: "Update the firmware of the other side; a repeated fault is an attack or a defect.",
    remedySv: "Uppdatera motpartens programvara; upprepas felet är det ett angrepp eller en defekt.",
  },
  {
    number: 0x0103, name: "LINK_TIMEOUT", kind: "fault", exit: 5, action: "retry",
    en: "The other side went silent in the middle of a contact.",
    sv: "Motparten tystnade mitt under en kontakt.",
    remedyEn: "Seat the key again and hold it still until the light changes.",
    remedySv: "Sätt i nyckeln igen och håll den stilla tills lampan ändras.",
  },
  {
    number: 0x0104, name: "NO_CONTACT", kind: "fault", exit: 5, action: "retry",
    en: "Nobody answered on the contacts.",
    sv: "Ingen svarade på kontakterna.",
    remedyEn: "Push the key all the way in; try another door to tell key and lock apart.",
    remedySv: "Tryck in nyckeln helt; prova en annan dörr för att skilja nyckel från lås.",
  },
  {
    number: 0x0105, name: "VERSION_UNKNOWN", kind: "fault", exit: 6, action: "refuse",
    en: "The two sides speak different versions of the protocol.",
    sv: "De två sidorna talar olika versioner av protokollet.",
    remedyEn: "Update the older device.",
    remedySv: "Uppdatera den äldre enheten.",
  },
  {
    number: 0x0106, name: "MESSAGE_UNEXPECTED", kind: "fault", exit: 5, action: "drop",
    en: "A message came that does not belong to this moment of the contact.",
    sv: "Ett meddelande kom som inte hör till detta skede av kontakten.",
    remedyEn: "Seat the key again.",
    remedySv: "Sätt i nyckeln igen.",
  },
  {
    number: 0x0107, name: "MESSAGE_MALFORMED", kind: "fault", exit: 5, action: "drop",
    en: "A message has not the form that its type prescribes.",
    sv: "Ett meddelande har inte den form som dess typ föreskriver.",
    remedyEn: "Update the older device; a repeated fault is an attack or a defect.",
    remedySv: "Uppdatera den äldre enheten; upprepas felet är det ett angrepp eller en defekt.",
  },
  {
    number: 0x0201, name: "CBOR_MALFORMED", kind: "fault", exit: 1, action: "drop",
    en: "Octets are not deterministic CBOR of the kind that is spoken here.",
    sv: "Oktetterna är inte deterministisk CBOR av det slag som används här.",
    remedyEn: "Have the sender encode it anew; the offset of the first bad octet is the detail.",
    remedySv: "Låt avsändaren koda om; detaljen är platsen för den första felaktiga oktetten.",
  },
  {
    number: 0x0202, name: "SIGNATURE_INVALID", kind: "fault", exit: 1, action: "refuse",
    en: "A signed object is altered, of another kind, or not signed by a trusted key.",
    sv: "Ett signerat objekt är ändrat, av annat slag eller inte signerat av en betrodd nyckel.",
    remedyEn: "Fetch the object again from the authorization system.",
    remedySv: "Hämta objektet på nytt från behörighetssystemet.",
  },
  {
    number: 0x0203, name: "OBJECT_TOO_LONG", kind: "fault", exit: 1, action: "drop",
    en: "An object is longer than 4096 octets.",
    sv: "Ett objekt är längre än 4096 oktetter.",
    remedyEn: "Split the content into several objects at the sender.",
    remedySv: "Dela innehållet i flera objekt hos avsändaren.",
  },
  {
    number: 0x0204, name: "SEAL_INVALID", kind: "fault", exit: 1, action: "drop",
    en: "Encrypted octets were altered or made for another key.",
    sv: "Krypterade oktetter har ändrats eller gjorts för en annan nyckel.",
    remedyEn: "Send them again; the sender keeps its entries until they are acknowledged.",
    remedySv: "Sänd dem igen; avsändaren behåller sina poster tills de har kvitterats.",
  },
  {
    number: 0x0205, name: "PUBLIC_KEY_INVALID", kind: "fault", exit: 1, action: "refuse",
    en: "A public key is of small order, not canonical or not 32 octets long.",
    sv: "En publik nyckel har liten ordning, är inte kanonisk eller inte 32 oktetter lång.",
    remedyEn: "Enrol the device again; an honest device never makes such a key.",
    remedySv: "Registrera enheten på nytt; en ärlig enhet skapar aldrig en sådan nyckel.",
  },
  {
    number: 0x0206, name: "MAC_INVALID", kind: "fault", exit: 1, action: "drop",
    en: "A command to a station is altered or made under another secret.",
    sv: "Ett kommando till en station är ändrat eller gjort med en annan hemlighet.",
    remedyEn: "Enrol the station again if all commands are refused.",
    remedySv: "Registrera stationen på nytt om alla kommandon avvisas.",
  },
  {
    number: 0x0301, name: "CLAIMS_MALFORMED", kind: "fault", exit: 1, action: "refuse",
    en: "A genuine object holds claims that its kind does not allow.",
    sv: "Ett äkta objekt bär uppgifter som dess slag inte tillåter.",
    remedyEn: "Report it to the maker of the authorization system.",
    remedySv: "Rapportera till behörighetssystemets tillverkare.",
  },
  {
    number: 0x0302, name: "LEAF_NOT_IN_RING", kind: "decision", exit: 1, action: "refuse",
    en: "The right that was shown does not belong to the ring of this key.",
    sv: "Den visade behörigheten hör inte till nyckelns knippa.",
    remedyEn: "Sync the key at a station.",
    remedySv: "Synka nyckeln vid en station.",
  },
  {
    number: 0x0303, name: "TARGET_MISMATCH", kind: "decision", exit: 1, action: "refuse",
    en: "The right is for another door.",
    sv: "Behörigheten gäller en annan dörr.",
    remedyEn: "Check the address; ask the planner for the right to this door.",
    remedySv: "Kontrollera adressen; be planeraren om behörighet till denna dörr.",
  },
  {
    number: 0x0304, name: "OPERATION_NOT_ALLOWED", kind: "decision", exit: 1, action: "refuse",
    en: "The right does not cover this operation, or the door does not allow it.",
    sv: "Behörigheten omfattar inte åtgärden, eller så tillåter dörren den inte.",
    remedyEn: "Ask the planner for a right that covers it.",
    remedySv: "Be planeraren om en behörighet som omfattar den.",
  },
  {
    number: 0x0305, name: "RIGHT_EXPIRED", kind: "decision", exit: 1, action: "refuse",
    en: "The right to this door has ended.",
    sv: "Behörigheten till denna dörr har upphört.",
    remedyEn: "Ask the planner whether the client still has visits.",
    remedySv: "Fråga planeraren om kunden fortfarande har besök.",
  },
  {
    number: 0x0306, name: "RING_FULL", kind: "refusal", exit: 1, action: "refuse",
    en: "A key holds at most 4000 rights; this would be one more.",
    sv: "En nyckel rymmer högst 4000 behörigheter; detta skulle bli en till.",
    remedyEn: "Remove rights from the key, or use a group of doors.",
    remedySv: "Ta bort behörigheter från nyckeln eller använd en dörrgrupp.",
  },
  {
    number: 0x0307, name: "NO_RIGHT", kind: "decision", exit: 1, action: "refuse",
    en: "The key holds no right to this door.",
    sv: "Nyckeln saknar behörighet till denna dörr.",
    remedyEn: "Check the address; sync the key if the client is new.",
    remedySv: "Kontrollera adressen; synka nyckeln om kunden är ny.",
  },
  {
    number: 0x0308, name: "DELTA_MISMATCH", kind: "fault", exit: 1, action: "retry",
    en: "A change to a ring does not fit the ring that the key holds, or not its head.",
    sv: "En ändring passar inte den knippa som nyckeln har, eller inte dess huvud.",
    remedyEn: "Sync again; the station then sends the whole ring.",
    remedySv: "Synka igen; stationen sänder då hela knippan.",
  },
  {
    number: 0x0309, name: "HOLDER_MISMATCH", kind: "fault", exit: 1, action: "refuse",
    en: "A ring or certificate was made for another device.",
    sv: "En knippa eller ett certifikat är gjort för en annan enhet.",
    remedyEn: "Sync the key at a station; enrol it again if it returns.",
    remedySv: "Synka nyckeln vid en station; registrera den på nytt om felet återkommer.",
  },
  {
    number: 0x0401, name: "RING_NOT_YET_VALID", kind: "decision", exit: 1, action: "wait",
    en: "The shift of this key has not begun.",
    sv: "Nyckelns arbetspass har inte börjat.",
    remedyEn: "Wait for the shift to begin, or sync the key.",
    remedySv: "Vänta tills passet börjar eller synka nyckeln.",
  },
  {
    number: 0x0402, name: "RING_EXPIRED", kind: "decision", exit: 1, action: "refuse",
    en: "The shift of this key is over.",
    sv: "Nyckelns arbetspass är slut.",
    remedyEn: "Sync the key at a station at the start of the next shift.",
    remedySv: "Synka nyckeln vid en station när nästa pass börjar.",
  },
  {
    number: 0x0403, name: "CLOCK_UNTRUSTED", kind: "decision", exit: 1, action: "refuse",
    en: "The time is not known here, and the door demands that it is.",
    sv: "Tiden är inte känd här, och dörren kräver att den är det.",
    remedyEn: "Come back with a synced key that brings the time; use the mechanical key meanwhile.",
    remedySv: "Återkom med en synkad nyckel som bär tiden; använd mekanisk nyckel så länge.",
  },
  {
    number: 0x0404, name: "KEY_REVOKED", kind: "decision", exit: 1, action: "refuse",
    en: "This key was reported lost or its rights were revoked.",
    sv: "Nyckeln är anmäld förlorad eller dess behörigheter återkallade.",
    remedyEn: "Hand the key in; the planner can tell why.",
    remedySv: "Lämna in nyckeln; planeraren vet varför.",
  },
  {
    number: 0x0405, name: "RING_REVOKED", kind: "decision", exit: 1, action: "refuse",
    en: "All rings up to this number were withdrawn.",
    sv: "Alla knippor till och med detta nummer har dragits in.",
    remedyEn: "Sync the key at a station.",
    remedySv: "Synka nyckeln vid en station.",
  },
  {
    number: 0x0406, name: "DELIVER_FIRST", kind: "decision", exit: 0, action: "retry",
    en: "The lock wants the newest floor list from the key before it decides.",
    sv: "Låset vill ha den nyaste spärrlistan från nyckeln innan det beslutar.",
    remedyEn: "Leave the key in the lock.",
    remedySv: "Låt nyckeln sitta kvar i låset.",
  },
  {
    number: 0x0407, name: "NEEDS_SYNC", kind: "decision", exit: 1, action: "refuse",
    en: "The key has no activated ring.",
    sv: "Nyckeln har ingen aktiverad knippa.",
    remedyEn: "Sync the key at a station.",
    remedySv: "Synka nyckeln vid en station.",
  },
  {
    number: 0x0408, name: "FLOOR_STALE", kind: "decision", exit: 1, action: "refuse",
    en: "The key demands a newer floor list than it or the lock can show.",
    sv: "Nyckeln kräver en nyare spärrlista än den eller låset kan visa.",
    remedyEn: "Sync the key at a station.",
    remedySv: "Synka nyckeln vid en station.",
  },
  {
    number: 0x0409, name: "WINDOW_TOO_LONG", kind: "refusal", exit: 1, action: "refuse",
    en: "A window is longer than 12 h 30 min, an emergency longer than 4 h, or begins too far off.",
    sv: "Ett fönster är längre än 12 h 30 min, en nödöppning än 4 h, eller börjar för långt fram.",
    remedyEn: "Plan a shorter shift.",
    remedySv: "Planera ett kortare pass.",
  },
  {
    number: 0x040a, name: "ANCHOR_UNKNOWN", kind: "decision", exit: 1, action: "refuse",
    en: "The key belongs to an organisation that this lock does not know.",
    sv: "Nyckeln tillhör en organisation som låset inte känner.",
    remedyEn: "Have the owner of the lock add the organisation.",
    remedySv: "Låt låsets ägare lägga till organisationen.",
  },
  {
    number: 0x040b, name: "OBJECT_OLD", kind: "fault", exit: 0, action: "drop",
    en: "The device holds the same or a newer one.",
    sv: "Enheten har redan detta eller ett nyare.",
    remedyEn: "Nothing to do.",
    remedySv: "Inget behöver göras.",
  },
  {
    number: 0x040c, name: "GRANT_NOT_ASKED", kind: "fault", exit: 0, action: "drop",
    en: "A time grant answers a question that the lock did not ask.",
    sv: "Ett tidsbesked svarar på en fråga som låset inte har ställt.",
    remedyEn: "Nothing to do; the lock asks again at the next visit.",
    remedySv: "Inget behöver göras; låset frågar igen vid nästa besök.",
  },
  {
    number: 0x040d, name: "COURIER_ONLY", kind: "decision", exit: 1, action: "refuse",
    en: "The ring lets the key carry messages but open nothing.",
    sv: "Knippan låter nyckeln bära meddelanden men inte öppna något.",
    remedyEn: "Sync the key at a station at the start of a shift.",
    remedySv: "Synka nyckeln vid en station när ett pass börjar.",
  },
  {
    number: 0x040e, name: "OFFLINE_HEADS_USED", kind: "refusal", exit: 1, action: "wait",
    en: "The station has no link and has released all heads that were signed in advance.",
    sv: "Stationen saknar uppkoppling och har lämnat ut alla förhandssignerade knippor.",
    remedyEn: "Use another station, or wait for the link; the on-call centre can help meanwhile.",
    remedySv: "Använd en annan station eller vänta på uppkoppling; trygghetsjouren kan hjälpa till.",
  },
  {
    number: 0x0501, name: "SESSION_REFUSED", kind: "decision", exit: 6, action: "refuse",
    en: "The other side refused; it does not say why to a stranger.",
    sv: "Motparten vägrade; den säger inte varför till en okänd.",
    remedyEn: "Sync the key; the log of the device that refused tells the cause.",
    remedySv: "Synka nyckeln; loggen i den enhet som vägrade anger orsaken.",
  },
  {
    number: 0x0502, name: "SESSION_STATE", kind: "fault", exit: 5, action: "reset",
    en: "A message came that does not belong to this moment of the session.",
    sv: "Ett meddelande kom som inte hör till detta skede av sessionen.",
    remedyEn: "Seat the key again.",
    remedySv: "Sätt i nyckeln igen.",
  },
  {
    number: 0x0503, name: "SESSION_MAC", kind: "fault", exit: 5, action: "reset",
    en: "The other side did not prove the key that its certificate names.",
    sv: "Motparten bevisade inte den nyckel som dess certifikat anger.",
    remedyEn: "Seat the key again; a repeated fault is an attack or a defect.",
    remedySv: "Sätt i nyckeln igen; upprepas felet är det ett angrepp eller en defekt.",
  },
  {
    number: 0x0504, name: "SHARED_SECRET_ZERO", kind: "fault", exit: 5, action: "reset",
    en: "The other side sent a public key of small order.",
    sv: "Motparten sände en publik nyckel av liten ordning.",
    remedyEn: "An honest device never does; treat it as an attack.",
    remedySv: "En ärlig enhet gör aldrig det; behandla det som ett angrepp.",
  },
  {
    number: 0x0505, name: "SESSION_BUSY", kind: "fault", exit: 5, action: "wait",
    en: "The device is busy with another contact, or slows down after many failed attempts.",
    sv: "Enheten är upptagen av en annan kontakt eller bromsar efter många misslyckade försök.",
    remedyEn: "Wait a minute and try again.",
    remedySv: "Vänta en minut och försök igen.",
  },
  {
    number: 0x0506, name: "SESSION_MALFORMED", kind: "fault", exit: 5, action: "reset",
    en: "A handshake message has not the prescribed form.",
    sv: "Ett handskakningsmeddelande har inte föreskriven form.",
    remedyEn: "Seat the key again; update the older device if it returns.",
    remedySv: "Sätt i nyckeln igen; uppdatera den äldre enheten om felet återkommer.",
  },
  {
    number: 0x0507, name: "RECORD_INVALID", kind: "fault", exit: 5, action: "reset",
    en: "A record of an established session was altered, repeated or lost.",
    sv: "En post i en upprättad session har ändrats, upprepats eller förlorats.",
    remedyEn: "Seat the key again.",
    remedySv: "Sätt i nyckeln igen.",
  },
  {
    number: 0x0601, name: "LOG_FULL", kind: "fault", exit: 1, action: "wait",
    en: "The log is full of entries that are not home yet; new ones are counted in a gap record.",
    sv: "Loggen är full av poster som inte kommit hem; nya räknas i en lucknotering.",
    remedyEn: "Sync the key at a station; visit the lock with a synced key.",
    remedySv: "Synka nyckeln vid en station; besök låset med en synkad nyckel.",
  },
  {
    number: 0x0602, name: "LOG_CHAIN_BROKEN", kind: "fault", exit: 1, action: "refuse",
    en: "Log entries do not fit together: one was altered, dropped or invented.",
    sv: "Loggposterna hänger inte ihop: någon är ändrad, borttagen eller påhittad.",
    remedyEn: "Investigate the device and the couriers that carried the entries.",
    remedySv: "Utred enheten och de bärare som fört posterna.",
  },
  {
    number: 0x0603, name: "ACK_MISMATCH", kind: "fault", exit: 1, action: "refuse",
    en: "An acknowledgement does not fit the log that it acknowledges.",
    sv: "En kvittens passar inte den logg som den kvitterar.",
    remedyEn: "Collect the log again; investigate if it returns.",
    remedySv: "Hämta loggen på nytt; utred om felet återkommer.",
  },
  {
    number: 0x0604, name: "LOG_NOT_HOME", kind: "decision", exit: 0, action: "wait",
    en: "The key carries log entries that are not home yet.",
    sv: "Nyckeln bär loggposter som inte har kommit hem.",
    remedyEn: "Leave the key in the station until it shows ready.",
    remedySv: "Låt nyckeln sitta i stationen tills den visar klar.",
  },
  {
    number: 0x0605, name: "LOG_GAP", kind: "fault", exit: 1, action: "wait",
    en: "Entries of this log are missing before those that came.",
    sv: "Poster i loggen saknas före dem som kom.",
    remedyEn: "Wait for the other couriers; ask the device to send them again.",
    remedySv: "Vänta på övriga bärare; be enheten sända dem igen.",
  },
  {
    number: 0x0701, name: "FLASH_CORRUPT", kind: "fault", exit: 6, action: "refuse",
    en: "Stored state is damaged beyond its own repair.",
    sv: "Sparat tillstånd är skadat så att det inte kan lagas.",
    remedyEn: "Exchange the device and read its log over the cable.",
    remedySv: "Byt enheten och läs ut loggen via kabel.",
  },
  {
    number: 0x0702, name: "FLASH_FULL", kind: "fault", exit: 6, action: "wait",
    en: "There is no room for what should be stored.",
    sv: "Det finns inte plats för det som ska sparas.",
    remedyEn: "Bring the log home; remove rights from the key.",
    remedySv: "För hem loggen; ta bort behörigheter från nyckeln.",
  },
  {
    number: 0x0703, name: "FLASH_WORN", kind: "fault", exit: 6, action: "refuse",
    en: "A page of the memory no longer keeps what is written.",
    sv: "En minnessida behåller inte längre det som skrivs.",
    remedyEn: "Plan an exchange of the device.",
    remedySv: "Planera byte av enheten.",
  },
  {
    number: 0x0704, name: "COUNTER_SPENT", kind: "fault", exit: 6, action: "refuse",
    en: "The counter that makes encryption unique is used up.",
    sv: "Räknaren som gör krypteringen unik är förbrukad.",
    remedyEn: "Enrol the device again; it then makes new keys.",
    remedySv: "Registrera enheten på nytt; den skapar då nya nycklar.",
  },
  {
    number: 0x0801, name: "BOLT_JAMMED", kind: "fault", exit: 6, action: "retry",
    en: "The bolt did not reach its end in three tries.",
    sv: "Kolven nådde inte sitt ändläge på tre försök.",
    remedyEn: "Pull or push the door and try again; use the mechanical key.",
    remedySv: "Dra i eller tryck på dörren och försök igen; använd mekanisk nyckel.",
  },
  {
    number: 0x0802, name: "VOLTAGE_LOW", kind: "fault", exit: 6, action: "refuse",
    en: "The voltage is below what the motor needs.",
    sv: "Spänningen är lägre än motorn behöver.",
    remedyEn: "Charge the key; seat it firmly.",
    remedySv: "Ladda nyckeln; sätt i den ordentligt.",
  },
  {
    number: 0x0803, name: "DEVICE_AMBIGUOUS", kind: "fault", exit: 3, action: "refuse",
    en: "Several boards answer to the description.",
    sv: "Flera kort svarar på beskrivningen.",
    remedyEn: "Name the port or the serial number.",
    remedySv: "Ange port eller serienummer.",
  },
  {
    number: 0x0804, name: "BATTERY_LOW", kind: "fault", exit: 6, action: "refuse",
    en: "The battery is nearly empty.",
    sv: "Batteriet är nästan slut.",
    remedyEn: "Charge the key; no log is lost.",
    remedySv: "Ladda nyckeln; ingen logg går förlorad.",
  },
  {
    number: 0x0805, name: "DEVICE_BLANK", kind: "fault", exit: 6, action: "refuse",
    en: "The device has not been enrolled.",
    sv: "Enheten är inte registrerad.",
    remedyEn: "Enrol or commission it over the cable.",
    remedySv: "Registrera eller driftsätt den via kabel.",
  },
  {
    number: 0x0806, name: "DEVICE_NOT_BLANK", kind: "fault", exit: 6, action: "refuse",
    en: "The device is enrolled already.",
    sv: "Enheten är redan registrerad.",
    remedyEn: "Erase it first if that is meant; its log must be home.",
    remedySv: "Radera den först om det är avsett; loggen måste vara hemma.",
  },
  {
    number: 0x0807, name: "DEVICE_NOT_FOUND", kind: "fault", exit: 3, action: "retry",
    en: "No board answers to the description.",
    sv: "Inget kort svarar på beskrivningen.",
    remedyEn: "Check the cable and the port rights.",
    remedySv: "Kontrollera kabel och rättigheter till porten.",
  },
  {
    number: 0x0808, name: "PORT_BUSY", kind: "fault", exit: 4, action: "wait",
    en: "Another program holds the port, or it may not be opened.",
    sv: "Ett annat program håller porten, eller så får den inte öppnas.",
    remedyEn: "Close the other program; join the group that owns the port.",
    remedySv: "Stäng det andra programmet; gå med i den grupp som äger porten.",
  },
  {
    number: 0x0809, name: "ROLE_MISMATCH", kind: "fault", exit: 6, action: "refuse",
    en: "The device has another role than the operation needs.",
    sv: "Enheten har en annan roll än åtgärden kräver.",
    remedyEn: "Connect the right kind of device.",
    remedySv: "Anslut rätt slags enhet.",
  },
  {
    number: 0x0901, name: "CONSENT_MISSING", kind: "refusal", exit: 8, action: "refuse",
    en: "The property owner or the resident has not consented to this door.",
    sv: "Fastighetsägaren eller den boende har inte samtyckt till denna dörr.",
    remedyEn: "Record the consent, then try again; other doors are not affected.",
    remedySv: "Registrera samtycket och försök igen; andra dörrar påverkas inte.",
  },
  {
    number: 0x0902, name: "NOT_YOUR_CLIENT", kind: "refusal", exit: 8, action: "refuse",
    en: "The client belongs to another provider.",
    sv: "Kunden tillhör en annan utförare.",
    remedyEn: "Ask the city whether the change of provider is done.",
    remedySv: "Fråga staden om utförarbytet är genomfört.",
  },
  {
    number: 0x0903, name: "APPROVERS_TOO_FEW", kind: "refusal", exit: 8, action: "refuse",
    en: "An emergency opening needs two different approvers.",
    sv: "En nödöppning kräver två olika godkännare.",
    remedyEn: "Ask a second person to approve.",
    remedySv: "Be ytterligare en person godkänna.",
  },
  {
    number: 0x0904, name: "SCOPE_EXCEEDED", kind: "refusal", exit: 8, action: "refuse",
    en: "The role cannot give or see what was asked for.",
    sv: "Rollen får inte ge eller se det som begärdes.",
    remedyEn: "Ask somebody with the wider role.",
    remedySv: "Fråga någon med vidare roll.",
  },
  {
    number: 0x0905, name: "SEQUENCE_REPLAYED", kind: "fault", exit: 1, action: "drop",
    en: "A numbered message came before; its content was not applied again.",
    sv: "Ett numrerat meddelande har kommit tidigare; innehållet tillämpades inte igen.",
    remedyEn: "Nothing to do.",
    remedySv: "Inget behöver göras.",
  },
  {
    number: 0x0906, name: "UNKNOWN_DEVICE", kind: "refusal", exit: 6, action: "refuse",
    en: "The device is not registered here.",
    sv: "Enheten är inte registrerad här.",
    remedyEn: "Enrol the device.",
    remedySv: "Registrera enheten.",
  },
  {
    number: 0x0907, name: "UNKNOWN_SUBJECT", kind: "refusal", exit: 2, action: "refuse",
    en: "A person, door, client or organisation with that name is not registered.",
    sv: "En person, dörr, kund eller organisation med det namnet finns inte.",
    remedyEn: "Check the identifier.",
    remedySv: "Kontrollera beteckningen.",
  },
  {
    number: 0x0908, name: "STATE_CONFLICT", kind: "refusal", exit: 9, action: "refuse",
    en: "The operation does not fit the present state, for example a thing that exists already.",
    sv: "Åtgärden passar inte nuvarande läge, till exempel något som redan finns.",
    remedyEn: "Look at the present state and repeat if it is still wanted.",
    remedySv: "Granska nuvarande läge och upprepa om det fortfarande behövs.",
  },
  {
    number: 0x0909, name: "STORE_FAILED", kind: "fault", exit: 7, action: "wait",
    en: "The store did not commit; nothing was acknowledged.",
    sv: "Lagret bekräftade inte; inget har kvitterats.",
    remedyEn: "Wait for the store; the message comes again.",
    remedySv: "Vänta på lagret; meddelandet kommer igen.",
  },
  {
    number: 0x090a, name: "SERVICE_UNREACHABLE", kind: "fault", exit: 7, action: "retry",
    en: "The server, its database or the broker does not answer.",
    sv: "Servern, dess databas eller meddelandeförmedlaren svarar inte.",
    remedyEn: "Check the link and try again.",
    remedySv: "Kontrollera uppkopplingen och försök igen.",
  },
  {
    number: 0x090b, name: "TAMPERING_SUSPECTED", kind: "fault", exit: 1, action: "refuse",
    en: "Two different entries came under one number of one log.",
    sv: "Två olika poster kom under ett nummer i en logg.",
    remedyEn: "Quarantine the device and investigate.",
    remedySv: "Sätt enheten i karantän och utred.",
  },
  {
    number: 0x090c, name: "SHIFT_MISSING", kind: "refusal", exit: 8, action: "refuse",
    en: "No shift is planned now for the carer of this key.",
    sv: "Inget pass är planerat nu för nyckelns bärare.",
    remedyEn: "Plan the shift.",
    remedySv: "Planera passet.",
  },
  {
    number: 0x090d, name: "LIMIT_REACHED", kind: "refusal", exit: 8, action: "refuse",
    en: "A stated bound of the system is reached.",
    sv: "En angiven gräns i systemet är nådd.",
    remedyEn: "Remove something first; the bound is the detail.",
    remedySv: "Ta bort något först; gränsen är detaljen.",
  },
  {
    number: 0x0910, name: "USAGE", kind: "fault", exit: 2, action: "refuse",
    en: "The command or its settings cannot be understood.",
    sv: "Kommandot eller dess inställningar kan inte förstås.",
    remedyEn: "Read the help of the command.",
    remedySv: "Läs kommandots hjälptext.",
  },
  {
    number: 0x0911, name: "INVARIANT_BROKEN", kind: "fault", exit: 1, action: "refuse",
    en: "A simulation found that a promise of the system does not hold.",
    sv: "En simulering visade att ett av systemets löften inte håller.",
    remedyEn: "Run the printed line; it repeats the run.",
    remedySv: "Kör den utskrivna raden; den upprepar körningen.",
  },
  {
    number: 0x0912, name: "GOAL_MISSED", kind: "fault", exit: 10, action: "refuse",
    en: "The run is valid, but a measured value misses its goal.",
    sv: "Körningen är giltig, men ett uppmätt värde når inte målet.",
    remedyEn: "Compare with the last run that met it.",
    remedySv: "Jämför med senaste körning som nådde det.",
  },
  {
    number: 0x0913, name: "FILE_UNREADABLE", kind: "fault", exit: 2, action: "refuse",
    en: "A file cannot be read or written.",
    sv: "En fil kan inte läsas eller skrivas.",
    remedyEn: "Check the path and its rights.",
    remedySv: "Kontrollera sökvägen och rättigheterna.",
  },
  {
    number: 0x0914, name: "TIMED_OUT", kind: "fault", exit: 124, action: "retry",
    en: "The command did not finish in the time given.",
    sv: "Kommandot blev inte klart inom angiven tid.",
    remedyEn: "Give it more time, or find out what it waits for.",
    remedySv: "Ge det mer tid eller ta reda på vad det väntar på.",
  },
  {
    number: 0x0915, name: "INTERRUPTED", kind: "fault", exit: 130, action: "retry",
    en: "The command was interrupted.",
    sv: "Kommandot avbröts.",
    remedyEn: "Run it again.",
    remedySv: "Kör det igen.",
  },
  {
    number: 0x7f01, name: "PROMISE_BROKEN", kind: "defect", exit: 70, action: "reset",
    en: "Our own code called a function in a way that it must not.",
    sv: "Vår egen kod anropade en funktion på ett otillåtet sätt.",
    remedyEn: "Report it with the printed trace.",
    remedySv: "Rapportera det med den utskrivna spårningen.",
  },
  {
    number: 0x7f02, name: "UNREACHABLE_REACHED", kind: "defect", exit: 70, action: "reset",
    en: "The program came to a place that it cannot come to.",
    sv: "Programmet nådde ett ställe som det inte kan nå.",
    remedyEn: "Report it with the printed trace.",
    remedySv: "Rapportera det med den utskrivna spårningen.",
  },
];
