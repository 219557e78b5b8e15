// What a careful reader would find wrong with a page, a sentence each. Run in the page by its tests.
const found = [];
const told = (element) => {
  const text = (element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 40);
  const name = element.id ? `#${element.id}` : `.${element.getAttribute("class") || ""}`;
  return `<${element.localName}${name}> ${JSON.stringify(text)}`;
};

// Colours as [red, green, blue, opacity], the first three from 0 to 255.
const color = (text) => {
  const numbers = (text.match(/[\d.]+/g) || []).map(Number);
  if (/^rgba?\(/.test(text)) return [...numbers.slice(0, 3), numbers[3] ?? 1];
  if (/^color\(srgb /.test(text)) return [...numbers.slice(0, 3).map((x) => x * 255), numbers[3] ?? 1];
  throw new Error(`a colour of another kind: ${text}`);
};
const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
const background = (element) => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    if (at instanceof HTMLElement) layers.push(color(style.backgroundColor));
    if (style.backgroundImage !== "none") found.push(`${told(at)} lies on an image`);
  }
  // Below all is the canvas, which is white or black as the page is light or dark.
  const dark = matchMedia("(prefers-color-scheme: dark)").matches && !matchMedia("print").matches;
  return layers.reverse().reduce((below, layer) => over(layer, below), dark ? [18, 18, 18] : [255, 255, 255]);
};
// WCAG 2.2, relative luminance and contrast ratio.
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((x) => x / 255).map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, other) => {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
};

const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let checked = 0;
const hidden = (element) => {
  if (element.closest("script, style, title, desc, option")) return true;
  return !element.checkVisibility({ checkVisibilityCSS: true, checkOpacity: false });
};
const judge = (element, style, what) => {
  const drawn = element instanceof SVGElement;
  const below = background(element);
  let opacity = 1;
  for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
  const ink = color(drawn ? style.fill : style.color);
  ink[3] *= opacity * (drawn ? Number(style.fillOpacity) : 1);
  let size = parseFloat(style.fontSize);
  if (drawn) size *= Math.abs(element.getScreenCTM().d) || Math.abs(element.getScreenCTM().b);
  const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  const ratio = contrast(over(ink, below), below);
  if (ratio < (large ? 3 : 4.5)) found.push(`contrast ${ratio.toFixed(2)} of ${what} ${told(element)}`);
  if (size < 10.99) found.push(`${size.toFixed(1)} px: ${what} ${told(element)}`);
  checked += 1;
};
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.data.trim() || hidden(element)) continue;
  if (/<\/?[a-z]+[ >]|&lt;|\{\{/.test(texts.currentNode.data) && !element.closest(".words, code")) {
    found.push(`markup is shown as text: ${told(element)}`);
  }
  judge(element, getComputedStyle(element), "the text of");
}
for (const input of document.querySelectorAll("input")) {
  if (!hidden(input)) judge(input, getComputedStyle(input, "::placeholder"), "the placeholder of");
}

const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
if (wide > 0) {
  const culprits = [...document.body.querySelectorAll("*")].filter(
    (element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest(".scroll, pre, dd"),
  );
  found.push(`${wide} px wider than the window: ${culprits.slice(0, 3).map(told)}`);
}

const ids = new Set();
for (const { id } of document.querySelectorAll("[id]")) {
  if (ids.has(id)) found.push(`the name #${id} is given twice`);
  ids.add(id);
}
for (const element of document.querySelectorAll("[for], [aria-labelledby], [aria-describedby], [aria-controls]")) {
  for (const attribute of ["for", "aria-labelledby", "aria-describedby", "aria-controls"]) {
    for (const id of (element.getAttribute(attribute) || "").split(/\s+/).filter(Boolean)) {
      if (!ids.has(id)) found.push(`${attribute} of ${told(element)} names #${id}, which is nowhere`);
    }
  }
}
for (const link of document.querySelectorAll("a[href^='#']")) {
  const id = decodeURIComponent(link.getAttribute("href").slice(1));
  if (!ids.has(id)) found.push(`a link to #${id}, which is nowhere`);
}

let level = 0;
for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
  const own = Number(heading.localName[1]);
  if (own > level + 1) found.push(`${told(heading)} follows an <h${level}>`);
  if (!heading.textContent.trim()) found.push(`${told(heading)} is empty`);
  level = own;
}
// A page of a run is long enough to need a way through it.
const long = document.getElementById("cases") ? 1 : 0;
for (const [selector, least, most] of [["h1", 1, 1], ["main", 1, 1], ["header", 1, 1], ["footer", long, 1], ["nav", long, 9]]) {
  const count = document.querySelectorAll(selector).length;
  if (count < least || count > most) found.push(`${count} <${selector}>`);
}
const named = (element) =>
  element.getAttribute("aria-label") || element.getAttribute("aria-labelledby") || element.textContent.trim();
for (const element of document.querySelectorAll("nav, section")) {
  if (!element.getAttribute("aria-label") && !element.getAttribute("aria-labelledby")) found.push(`${told(element)} has no name`);
}
for (const element of document.querySelectorAll("a, button, summary, th[scope]")) {
  if (!named(element) && !hidden(element)) found.push(`${told(element)} in ${told(element.parentElement)} says nothing`);
}
for (const element of document.querySelectorAll("input, select, textarea")) {
  if (![...element.labels].some((label) => label.textContent.trim())) found.push(`${told(element)} has no label`);
}
for (const table of document.querySelectorAll("table")) {
  if (!table.querySelector("th[scope]")) found.push(`${told(table)} has no header`);
}
if (!document.documentElement.lang) found.push("the page has no language");
if (!document.title.trim()) found.push("the page has no title");

for (const drawing of document.querySelectorAll("svg")) {
  const [title, desc] = ["title", "desc"].map((name) => drawing.querySelector(`:scope > ${name}`));
  if (!title || !title.textContent.trim()) found.push(`${told(drawing)} has no title`);
  if (!desc || !desc.textContent.trim()) found.push(`${told(drawing)} has no desc`);
  if (drawing.getAttribute("role") !== "img") found.push(`${told(drawing)} is no image to a screen reader`);
  // Words that lie on each other cannot be read.
  const words = [...drawing.querySelectorAll("text")].filter((text) => !hidden(text) && text.textContent.trim());
  const boxes = words.map((text) => text.getBoundingClientRect());
  const frame = drawing.getBoundingClientRect();
  words.forEach((text, i) => {
    const a = boxes[i];
    // Boxes are taller than letters.
    const spare = 0.25 * a.height;
    if (a.left < frame.left - 1 || a.right > frame.right + 1 || a.top < frame.top - spare || a.bottom > frame.bottom + spare) {
      found.push(`${told(text)} is cut off at the edge of ${told(drawing)}`);
    }
    for (let j = i + 1; j < words.length; j += 1) {
      const b = boxes[j];
      const [across, down] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
      if (across > 1 && down > 0.35 * Math.min(a.height, b.height)) found.push(`${told(text)} lies on ${told(words[j])}`);
    }
  });
}
return { found: [...new Set(found)], checked };
