"use strict";
// What the other scripts share: data, elements, words, colours of the theme.

const SESSION = JSON.parse(document.getElementById("session").textContent);
const TYPES = { f32: Float32Array, f64: Float64Array, i32: Int32Array };

async function unpack(array) {
  const text = atob(array.deflated);
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const byPlace = new Uint8Array(await new Response(stream).arrayBuffer());
  const values = new TYPES[array.type](byPlace.length / TYPES[array.type].BYTES_PER_ELEMENT);
  const bytesOfValues = new Uint8Array(values.buffer);
  const size = values.BYTES_PER_ELEMENT, count = values.length;
  for (let place = 0; place < size; ++place) {
    for (let i = 0; i < count; ++i) bytesOfValues[i * size + place] = byPlace[place * count + i];
  }
  return values;
}

// The same, with arrays of numbers in place of packed ones.
async function unpacked(value) {
  if (value === null || typeof value !== "object") return value;
  if ("deflated" in value) return unpack(value);
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, each]) => [key, await unpacked(each)]));
  return Array.isArray(value) ? entries.map(([, each]) => each) : Object.fromEntries(entries);
}

function caseData(index) {
  return unpacked(JSON.parse(document.getElementById(`case-${index}`).textContent));
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function seconds(value) {
  if (value === null || value === undefined) return "";
  for (const [unit, size] of [["s", 1], ["ms", 1e-3]]) {
    if (value >= size) return `${Number((value / size).toPrecision(3))} ${unit}`;
  }
  return `${Number((value * 1e6).toPrecision(3))} us`;
}

function number(value) {
  return typeof value === "number" ? Number(value.toPrecision(3)).toString() : String(value);
}

const PHASE_COLOURS = ["#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#edc948", "#b07aa1",
  "#ff9da7", "#9c755f", "#bab0ac", "#86bcb6"];

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
}
setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
