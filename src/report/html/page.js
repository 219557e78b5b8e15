"use strict";
// The page is whole without this: here are search, filters, sorting, keys and copying.
(() => {
  const list = document.getElementById("cases");
  const cases = [...list.querySelectorAll("details.case")];
  const at = (id) => document.getElementById(id);
  const value = (id) => (at(id) ? at(id).value : "");
  const texts = new Map();
  const text = (row) => {
    if (!texts.has(row)) {
      const words = row.querySelector("summary").cloneNode(true);
      // Words of the page are none of the case.
      for (const own of words.querySelectorAll("i, .sure, .badge")) own.remove();
      texts.set(row, (words.textContent + " " + row.dataset.case).toLowerCase());
    }
    return texts.get(row);
  };
  // What a case may be besides what became of it.
  const marks = ["since", "pending", "known"];
  const sure = (row) => Number(row.dataset.sure);
  const orders = {
    grave: null,
    sure: (a, b) => sure(b) - sure(a),
    unsure: (a, b) => sure(a) - sure(b),
    case: (a, b) => a.dataset.case.localeCompare(b.dataset.case, undefined, { numeric: true }),
  };
  // So many are shown at first; the rest is a press away.
  const FIRST = 20;
  let all = false;
  let found = cases;
  let shown = cases;
  let current = null;

  function apply() {
    const words = value("search").toLowerCase().split(/\s+/).filter(Boolean);
    const kind = value("kind");
    const endpoint = value("endpoint");
    const tag = value("tag");
    found = cases.filter((row) => {
      const data = row.dataset;
      return (!kind || (marks.includes(kind) ? data[kind] !== undefined : data.kind === kind))
        && (!endpoint || data.endpoint === endpoint)
        && (!tag || data.tags.includes(` ${tag} `))
        && words.every((word) => text(row).includes(word));
    });
    const order = orders[value("sort")];
    if (order) found = [...found].sort(order);
    shown = all ? found : found.slice(0, FIRST);
    const wanted = new Set(shown);
    for (const row of cases) row.hidden = !wanted.has(row);
    list.append(...found);
    at("shown").textContent = `${found.length} of ${cases.length}`;
    at("none").hidden = found.length > 0;
    at("more").hidden = shown.length === found.length;
    at("more").textContent = `show all ${found.length}`;
    at("printed").textContent = shown.length < cases.length
      ? `Printed are ${shown.length} of ${cases.length} cases.` : "";
  }

  function showAll() {
    all = true;
    apply();
  }

  function choose(row) {
    if (!row) return;
    current = row;
    const summary = row.querySelector("summary");
    summary.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const focused = document.activeElement && document.activeElement.closest("details.case");
    const from = shown.indexOf(focused || current);
    if (from + by >= shown.length && shown.length < found.length) showAll();
    choose(shown[Math.min(Math.max(from + by, 0), shown.length - 1)]);
  }

  async function copy(row) {
    const yaml = row.querySelector(".yaml");
    const button = row.querySelector(".copy");
    if (!yaml) return;
    let done = "copied";
    try {
      await navigator.clipboard.writeText(yaml.textContent);
    } catch {
      // No clipboard here: the text is shown and selected instead.
      yaml.hidden = false;
      row.open = true;
      const range = document.createRange();
      range.selectNodeContents(yaml);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      done = "selected below";
    }
    button.textContent = done;
    setTimeout(() => { button.textContent = "copy as YAML"; }, 2000);
  }

  function arrive() {
    let name = "";
    try {
      name = decodeURIComponent(location.hash.slice(1));
    } catch {
      // An address that was cut names nothing.
    }
    const row = at(name);
    const absent = !row && name.startsWith("case-");
    at("absent").hidden = !absent;
    if (absent) at("absent").focus();
    if (!row || !row.matches("details.case")) return;
    if (row.hidden) {
      at("filter").reset();
      showAll();
    }
    row.open = true;
    row.scrollIntoView({ block: "start" });
    row.querySelector("summary").focus({ preventScroll: true });
    current = row;
  }

  at("filter").hidden = false;
  at("filter").addEventListener("submit", (event) => event.preventDefault());
  at("filter").addEventListener("input", apply);
  for (const button of list.querySelectorAll(".copy")) button.hidden = false;
  list.addEventListener("click", (event) => {
    if (event.target.matches(".copy")) copy(event.target.closest("details.case"));
  });
  function help() {
    const hidden = !at("help").hidden;
    at("help").hidden = hidden;
    at("keys").setAttribute("aria-expanded", String(!hidden));
  }
  at("more").addEventListener("click", () => {
    const next = shown.length;
    showAll();
    choose(shown[next]);
  });
  at("keys").addEventListener("click", help);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const row = (document.activeElement && document.activeElement.closest("details.case")) || current;
    switch (event.key) {
      case "/": at("search").focus(); at("filter").scrollIntoView({ block: "nearest" }); break;
      case "j": step(1); break;
      case "k": step(-1); break;
      case "o": if (row) row.open = !row.open; break;
      case "c": if (row) copy(row); break;
      case "l": if (row) location.hash = row.id; break;
      case "?": help(); break;
      default: return;
    }
    event.preventDefault();
  });
  addEventListener("hashchange", arrive);
  document.addEventListener("click", (event) => {
    // The same address again is no change of it.
    const link = event.target.closest('a[href^="#case-"]');
    if (link && link.hash === location.hash) arrive();
  });
  apply();
  arrive();
})();
