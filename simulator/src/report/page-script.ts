// SPDX-License-Identifier: EUPL-1.2

/**
 * Script of the report. It makes every node with `textContent`, so that no value can become markup,
 * and it reads no clock: all times are texts that the simulator wrote.
 *
 * The part of the address after `#` keeps the state: `#event=c12&lang=sv`.
 */
export const PAGE_SCRIPT = String.raw`
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var texts = JSON.parse(document.getElementById("texts").textContent);
  var byId = new Map(data.events.map(function (event) { return [event.id, event]; }));
  var marks = new Map();
  document.querySelectorAll("#marks use").forEach(function (use) {
    var id = use.dataset.e;
    if (!marks.has(id)) marks.set(id, []);
    marks.get(id).push(use);
  });
  var plot = document.getElementById("plot");
  var story = document.getElementById("story");
  var list = document.getElementById("list");
  var filter = document.getElementById("filter");
  var group = document.getElementById("group");
  var state = { lang: "en", event: "" };
  var cameFrom = null;

  function fill(text, values) {
    return text.replace(/\{(\d)\}/g, function (whole, index) {
      return values[index] === undefined ? whole : String(values[index]);
    });
  }
  function t(name) {
    return fill(texts[name][state.lang], Array.prototype.slice.call(arguments, 1));
  }
  function number(value) { return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f"); }
  function node(tag, className, text) {
    var made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }
  function icon(shape) {
    var space = plot.namespaceURI;
    var svg = document.createElementNS(space, "svg");
    svg.setAttribute("width", "18"); svg.setAttribute("height", "18");
    svg.setAttribute("viewBox", "-9 -9 18 18"); svg.setAttribute("aria-hidden", "true");
    var use = document.createElementNS(space, "use");
    use.setAttribute("href", "#s-" + shape);
    svg.appendChild(use);
    return svg;
  }
  function codeText(code) {
    var row = data.codes[code];
    return row ? row.label + ": " + row[state.lang] : String(code);
  }
  function withoutStop(text) { return text.replace(/[.]$/, ""); }
  function shortCode(event) {
    return event.code ? data.codes[event.code].label : "";
  }
  function timeOf(event) {
    return event.day > 1 ? t("dayTick", event.day) + " " + event.time : event.time;
  }
  function headline(event) {
    if (event.group === "issuer") return t(event.text, event.subject);
    if (event.group === "hardware") {
      return (event.subject ? event.subject + " · " : "") + t(event.text, event.detail);
    }
    return event.key + " → " + event.device + " · " + t(event.text) +
      (event.code ? " · " + shortCode(event) : "");
  }

  function showTexts() {
    document.documentElement.lang = state.lang;
    document.title = t("title");
    document.querySelectorAll("[data-t]").forEach(function (element) {
      var values = element.dataset.v ? JSON.parse(element.dataset.v) : [];
      element.textContent = fill(texts[element.dataset.t][state.lang], values);
    });
    document.querySelectorAll("[data-a]").forEach(function (element) {
      element.setAttribute("aria-label", t(element.dataset.a));
    });
    document.querySelectorAll("[data-code]").forEach(function (element) {
      element.textContent = data.codes[element.dataset.code][state.lang];
    });
    filter.placeholder = t("filter");
    document.querySelectorAll("[data-lang]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.lang === state.lang));
    });
  }

  function matches(event) {
    var wanted = group.value;
    if (wanted === "refused" ? !event.isRefused : wanted !== "all" && event.group !== wanted) return false;
    var words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return true;
    var all = (timeOf(event) + " " + headline(event) + " " +
      (event.purpose ? t(event.purpose) : "") + " " + (event.code ? codeText(event.code) : "")).toLowerCase();
    return words.every(function (word) { return all.includes(word); });
  }
  function showList() {
    var shown = data.events.filter(matches);
    var rows = shown.map(function (event, index) {
      var item = node("li");
      var button = node("button");
      button.type = "button";
      button.dataset.id = event.id;
      var isCurrent = event.id === state.event;
      if (isCurrent) button.setAttribute("aria-current", "true");
      button.tabIndex = isCurrent || index === 0 ? 0 : -1;
      button.append(node("span", "when", timeOf(event)), icon(event.shape), node("span", "", headline(event)));
      item.appendChild(button);
      return item;
    });
    list.replaceChildren.apply(list, rows);
    document.getElementById("shown").textContent = t("shown", shown.length, data.events.length);
  }

  function step(title) {
    var item = node("li");
    item.appendChild(node("h3", "", t(title)));
    for (var index = 1; index < arguments.length; index += 1) {
      if (arguments[index]) item.appendChild(node("p", "", arguments[index]));
    }
    return item;
  }
  function decisionText(event) {
    switch (event.shape) {
      case "opened": return t("decisionOpened", event.afterMs);
      case "stuck": return t("decisionStuck", event.afterMs);
      case "residual": return t("decisionResidual", event.afterMs);
      case "unauthorized": return t("decisionUnauthorized", event.afterMs);
      case "left": return t("decisionLeft");
      case "denied": return t("decisionDenied", event.code ? withoutStop(codeText(event.code)) : t(event.signal));
      case "early": return t("decisionEarly", event.afterMs);
      case "synced": return t("decisionSynced");
      default: return t("decisionUnsynced", event.code ? withoutStop(codeText(event.code)) : t(event.signal));
    }
  }
  function entryTexts(event, entry) {
    var what = entry.code === 0 ? t("entryGranted") : entry.code < 0 ? t("entrySynced") : data.codes[entry.code].label;
    var lines = t("entryAt", entry.n, entry.device, what);
    if (entry.device.indexOf("copy") === 0) return lines + " " + t("entryCopy");
    if (!entry.committedAt) return lines + " " + t("entryNotHome");
    if (!entry.carriedBy || !entry.handedAt) return lines + " " + t("entryCommitted", entry.committedAt);
    return lines + " " + t("entryCarried", entry.carriedBy, entry.station, entry.handedAt, entry.committedAt);
  }
  function boltTexts(event) {
    var lines = event.turns.map(function (turn) {
      var way = t(turn[0] ? "boltOut" : "boltIn");
      if (turn[2] < 0) return t("turnCut", way, number(turn[1]));
      return t(turn[3] ? "turnStuck" : "turn", way, number(turn[1]), number(turn[2]));
    });
    (event.brownOuts || []).forEach(function (at) { lines.push(t("brownOutAt", number(at))); });
    return lines;
  }
  function messageList(event) {
    var rows = node("ol", "messages");
    var at = 0;
    while (at < event.messages.length) {
      var first = event.messages[at];
      var count = 1;
      var next = event.messages[at + 1];
      while (next && next[0] === first[0] && next[2] === first[2] && next[3] === first[3] && next[3] === next[4]) {
        count += 1;
        next = event.messages[at + count];
      }
      var row = node("li");
      var name = t(data.kinds[first[0]]) + (count > 1 ? ", " + t("times", count) : "");
      var arrow = node("span", "", first[2] ? "→" : "←");
      arrow.title = first[2] ? event.key + " → " + event.device : event.device + " → " + event.key;
      var size = first[3] === first[4] ? t("bytes", number(first[3])) : t("bytesCut", number(first[3]), number(first[4]));
      row.append(node("span", "ms", number(first[1]) + " ms"), arrow, node("span", "", name), node("span", "soft", size));
      rows.appendChild(row);
      at += count;
    }
    return rows;
  }
  function storySteps(event) {
    var steps = node("ol", "steps");
    if (event.group === "hardware") {
      steps.appendChild(step("stepHardware", t("hardwareLine", timeOf(event), headline(event))));
      return steps;
    }
    if (event.group === "issuer") {
      var line = event.seq > 0 ? "journalLine" : "outsideLine";
      steps.appendChild(step("stepJournal", t(line, timeOf(event), headline(event), event.seq)));
      return steps;
    }
    var contact = event.group === "sync"
      ? t("stepContactStation", timeOf(event), event.key, event.device)
      : t("stepContactDoor", timeOf(event), event.key, event.device, t(event.isLeave ? "leave" : "enter"), t(event.purpose));
    steps.appendChild(step("stepContact", contact));
    steps.appendChild(step("stepDecision", decisionText(event), t("light", t(event.signal))));
    if (event.turns) steps.appendChild(step.apply(null, ["stepBolt"].concat(boltTexts(event))));
    var entries = event.entries.map(function (entry) { return entryTexts(event, entry); });
    if (entries.length === 0) entries = [t("noEntry")];
    steps.appendChild(step.apply(null, ["stepLog"].concat(entries)));
    return steps;
  }
  function showStory() {
    var event = byId.get(state.event);
    story.hidden = !event;
    document.body.classList.toggle("open", Boolean(event));
    markSelection(event);
    if (!event) return;
    document.getElementById("story-title").textContent = timeOf(event) + " · " + headline(event);
    var columns = node("div", "columns");
    columns.appendChild(storySteps(event));
    if (event.messages && event.messages.length > 0) {
      var box = node("div");
      var total = event.messages.reduce(function (sum, message) { return sum + message[4]; }, 0);
      box.append(node("h3", "", t("stepMessages") + ": " + t("totalBytes", event.messages.length, number(total)) + " (" + t("messageHead") + ")"),
        messageList(event));
      columns.appendChild(box);
    }
    document.getElementById("story-body").replaceChildren(columns);
  }
  function markSelection(event) {
    var layer = document.getElementById("selection");
    layer.replaceChildren();
    var uses = event ? marks.get(event.id) || [] : [];
    var space = plot.namespaceURI;
    if (uses.length === 2) {
      var link = document.createElementNS(space, "line");
      link.setAttribute("x1", uses[0].getAttribute("x")); link.setAttribute("x2", uses[1].getAttribute("x"));
      link.setAttribute("y1", uses[0].getAttribute("y")); link.setAttribute("y2", uses[1].getAttribute("y"));
      layer.appendChild(link);
    }
    uses.forEach(function (use) {
      var ring = document.createElementNS(space, "circle");
      ring.setAttribute("cx", use.getAttribute("x")); ring.setAttribute("cy", use.getAttribute("y"));
      ring.setAttribute("r", "10");
      layer.appendChild(ring);
    });
  }
  function revealMark(id) {
    var use = (marks.get(id) || [])[0];
    var scroll = document.getElementById("scroll");
    if (!use) return;
    var x = parseFloat(use.getAttribute("x")) / 100 * plot.clientWidth;
    if (x < scroll.scrollLeft + 20 || x > scroll.scrollLeft + scroll.clientWidth - 20) {
      scroll.scrollLeft = x - scroll.clientWidth / 2;
    }
  }

  function select(id, isByHand) {
    state.event = byId.has(id) ? id : "";
    showStory();
    list.querySelectorAll("button").forEach(function (button) {
      if (button.dataset.id === state.event) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
    if (state.event) revealMark(state.event);
    if (isByHand) keepState();
  }
  function keepState() {
    var hash = "#lang=" + state.lang + (state.event ? "&event=" + state.event : "");
    try { history.replaceState(null, "", hash); } catch (error) { location.hash = hash; }
  }
  function setLanguage(lang, isByHand) {
    state.lang = lang;
    showTexts();
    showList();
    showStory();
    if (isByHand) keepState();
  }
  function readState() {
    var wanted = new URLSearchParams(location.hash.slice(1));
    var lang = wanted.get("lang");
    var own = (navigator.language || "en").toLowerCase().slice(0, 2) === "sv" ? "sv" : "en";
    setLanguage(lang === "sv" || lang === "en" ? lang : own, false);
    select(wanted.get("event") || "", false);
  }
  function move(by) {
    var at = data.events.findIndex(function (event) { return event.id === state.event; });
    var next = data.events[Math.min(data.events.length - 1, Math.max(0, at + by))];
    if (next) select(next.id, true);
  }
  function moveAlong(key) {
    var current = (marks.get(state.event) || []).filter(function (use) { return use.dataset.main; })[0];
    if (!current || key === "ArrowRight" || key === "ArrowLeft") return move(key === "ArrowLeft" ? -1 : 1);
    var y = Number(current.getAttribute("y"));
    var x = parseFloat(current.getAttribute("x"));
    var best = null;
    var bestAway = Infinity;
    marks.forEach(function (uses, id) {
      uses.forEach(function (use) {
        if (!use.dataset.main) return;
        var down = Number(use.getAttribute("y")) - y;
        if (key === "ArrowDown" ? down <= 0 : down >= 0) return;
        var away = Math.abs(down) + 12 * Math.abs(parseFloat(use.getAttribute("x")) - x);
        if (away < bestAway) { bestAway = away; best = id; }
      });
    });
    if (best) select(best, true);
  }

  plot.addEventListener("click", function (click) {
    var box = plot.getBoundingClientRect();
    var best = "";
    var bestAway = 26;
    marks.forEach(function (uses, id) {
      uses.forEach(function (use) {
        var dx = parseFloat(use.getAttribute("x")) / 100 * box.width - (click.clientX - box.left);
        var dy = Number(use.getAttribute("y")) - (click.clientY - box.top);
        var away = Math.hypot(dx, dy);
        if (away < bestAway) { bestAway = away; best = id; }
      });
    });
    cameFrom = plot;
    select(best, true);
  });
  plot.addEventListener("keydown", function (press) {
    if (!press.key.startsWith("Arrow")) return;
    press.preventDefault();
    cameFrom = plot;
    moveAlong(press.key);
  });
  list.addEventListener("click", function (click) {
    var button = click.target.closest("button");
    if (!button) return;
    cameFrom = button;
    select(button.dataset.id, true);
  });
  list.addEventListener("keydown", function (press) {
    var buttons = Array.from(list.querySelectorAll("button"));
    var at = buttons.indexOf(document.activeElement);
    var by = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[press.key];
    if (at < 0 || by === undefined) return;
    press.preventDefault();
    var next = buttons[Math.min(buttons.length - 1, Math.max(0, at + by))];
    buttons[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  document.addEventListener("click", function (click) {
    var opener = click.target.closest("[data-open]");
    if (!opener) return;
    click.preventDefault();
    cameFrom = opener;
    select(opener.dataset.open, true);
  });
  document.addEventListener("keydown", function (press) {
    if (press.key !== "Escape" || !state.event) return;
    select("", true);
    if (cameFrom && cameFrom.isConnected) cameFrom.focus();
  });
  document.getElementById("close").addEventListener("click", function () {
    select("", true);
    if (cameFrom && cameFrom.isConnected) cameFrom.focus();
  });
  document.getElementById("previous").addEventListener("click", function () { move(-1); });
  document.getElementById("next").addEventListener("click", function () { move(1); });
  filter.addEventListener("input", showList);
  group.addEventListener("change", showList);
  document.querySelectorAll("[data-lang]").forEach(function (button) {
    button.addEventListener("click", function () { setLanguage(button.dataset.lang, true); });
  });
  document.querySelectorAll("[data-zoom]").forEach(function (button) {
    button.addEventListener("click", function () {
      plot.setAttribute("width", button.dataset.zoom + "%");
      document.querySelectorAll("[data-zoom]").forEach(function (other) {
        other.setAttribute("aria-pressed", String(other === button));
      });
      if (state.event) revealMark(state.event);
    });
  });
  window.addEventListener("hashchange", readState);
  readState();
})();
`;
