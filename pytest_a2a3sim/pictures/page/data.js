"use strict";
// What the other scripts share: data, elements, words, colours of the theme.

const SESSION = JSON.parse(document.getElementById("session").textContent);
const TYPES = { f32: Float32Array, f64: Float64Array, i32: Int32Array };

function unpack(array) {
  const text = atob(array.base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
  return new TYPES[array.type](bytes.buffer);
}

function caseData(index) {
  return JSON.parse(document.getElementById(`case-${index}`).textContent);
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
