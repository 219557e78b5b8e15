// What got into a page that does not belong there. Run in the page by its tests.
document.querySelectorAll("details").forEach((details) => { details.open = true; });
document.querySelectorAll("[hidden]").forEach((element) => element.removeAttribute("hidden"));
for (const input of document.querySelectorAll("input, select")) {
  input.focus();
  input.dispatchEvent(new Event("input", { bubbles: true }));
}
for (const element of document.querySelectorAll("body *")) {
  for (const event of ["mouseover", "mouseenter", "focus", "animationend"]) element.dispatchEvent(new Event(event));
}
// Time for what waits for images and events.
await new Promise((done) => setTimeout(done, 300));

const kind = (element) => [element.localName, ...element.getAttributeNames().sort()].join(" ");
const kinds = (root) => [...root.querySelectorAll("*")].map(kind).sort();
const strange = [];
for (const element of document.querySelectorAll("*")) {
  for (const { name, value } of element.attributes) {
    const link = name === "href" && element.localName === "a" && (value.startsWith("#") || /^[\w./-]+\.html(#|$)/.test(value));
    const icon = name === "href" && element.localName === "link" && value === "data:,";
    const loads = /^(href|src|srcset|action|formaction|poster|data|background|ping|xlink:href|style|srcdoc)$/;
    if (/^on/.test(name) || (loads.test(name) && !link && !icon)) strange.push(`${kind(element)}: ${name}=${value.slice(0, 80)}`);
  }
}
const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/u;
const seen = hidden.exec(document.documentElement.outerHTML);
if (seen) strange.push(`U+${seen[0].codePointAt(0).toString(16)} is in the page`);
if (window.overclaimed !== undefined) strange.push("a script ran");
if (document.querySelector("#overclaimed, [name=overclaimed]")) strange.push("an element called #overclaimed");

const cases = {};
for (const row of document.querySelectorAll("details.case")) {
  const number = parseInt(row.dataset.case, 10);
  if (cases[number]) strange.push(`case ${number} is there twice`);
  cases[number] = kinds(row);
  row.remove();
}
return { strange, cases, rest: [...new Set(kinds(document))], title: document.title };
