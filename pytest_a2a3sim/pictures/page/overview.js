"use strict";
// The table of cases, and which page is shown.

const COLUMNS = [
  ["case", (row) => row.record.nodeid],
  ["outcome", (row) => row.record.outcome],
  ["tensors", (row) => row.record.tensors.length],
  ["worst error / allowed", (row) => row.worst ?? -1],
  ["tasks", (row) => row.record.graph?.tasks ?? -1],
  ["time", (row) => row.record.seconds],
  ["why", (row) => row.why],
  ["since the baseline", (row) => row.change],
];
if (!SESSION.compared) COLUMNS.pop();

function worstOf(record) {
  const shares = record.tensors.map((tensor) => {
    const error = tensor.max_abs_error;
    if (error === 0) return 0;
    return SESSION.worst[record.nodeid]?.[tensor.name] ?? Infinity;
  });
  return shares.length ? Math.max(...shares) : null;
}

function reason(record) {
  if (!record.failure) return "";
  const looks = record.tensors.flatMap((tensor) => tensor.diagnoses.map((each) => `${tensor.name}: ${each.text}`));
  return [record.failure.message.split("\n")[0], ...looks].join("; ");
}

function changeOf(record) {
  const changed = SESSION.compared?.cases[record.nodeid];
  if (!changed) return "";
  if (changed.new) return "new";
  const words = [];
  if (changed.outcome[0] !== changed.outcome[1]) words.push(`was ${changed.outcome[0]}`);
  for (const tensor of changed.tensors) {
    const [before, now] = tensor.max_abs_error;
    if (before !== now) words.push(`${tensor.name}: error ${number(before)} -> ${number(now)}`);
  }
  const [before, now] = changed.execute;
  if (before && now) words.push(`graph ${now >= before ? "+" : ""}${Math.round(100 * (now / before - 1))}%`);
  return words.join("; ");
}

const ROWS = SESSION.cases.map((record, index) => ({
  record, index, worst: worstOf(record), why: reason(record), change: changeOf(record),
}));
const sorting = { column: null, ascending: true };

function phases(record) {
  const total = Object.values(record.phases).reduce((sum, each) => sum + each, 0) || 1;
  const bar = element("div", { class: "phases" });
  Object.entries(record.phases).forEach(([name, spent], i) => {
    const part = element("span", { title: `${name} ${seconds(spent)}` });
    part.style.cssText = `width:${(100 * spent) / total}%;background:${PHASE_COLOURS[i % PHASE_COLOURS.length]}`;
    bar.append(part);
  });
  return bar;
}

function rowOf(row) {
  const { record } = row;
  const link = element("a", { href: `#case=${encodeURIComponent(record.nodeid)}` }, record.nodeid);
  const good = record.tensors.filter((tensor) => tensor.status === "passed").length;
  const worst = row.worst === null ? "" : row.worst === Infinity ? "infinite" : number(row.worst);
  const cells = [
    element("td", { class: "name" }, link),
    element("td", { class: record.outcome }, record.outcome),
    element("td", { class: "number" }, record.tensors.length ? `${good}/${record.tensors.length}` : ""),
    element("td", { class: "number" }, worst),
    element("td", { class: "number" }, record.graph ? record.graph.tasks.toLocaleString("en") : ""),
    element("td", { class: "number" }, seconds(record.seconds), phases(record)),
    element("td", { class: "why" }, row.why),
  ];
  if (SESSION.compared) cells.push(element("td", {}, row.change));
  return element("tr", {}, ...cells);
}

function drawTable() {
  const wanted = document.getElementById("filter").value.toLowerCase();
  const outcome = document.getElementById("outcome").value;
  const rows = ROWS.filter((row) => (outcome === "all" || row.record.outcome === outcome)
    && `${row.record.nodeid} ${row.record.outcome} ${row.why} ${row.change}`.toLowerCase().includes(wanted));
  if (sorting.column !== null) {
    const key = COLUMNS[sorting.column][1];
    rows.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0) * (sorting.ascending ? 1 : -1));
  }
  document.querySelector("#cases tbody").replaceChildren(...rows.map(rowOf));
  document.getElementById("shown").textContent = `${rows.length} of ${ROWS.length} shown`;
}

function drawHead() {
  const heads = COLUMNS.map(([name], column) => {
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", () => {
      sorting.ascending = sorting.column === column ? !sorting.ascending : true;
      sorting.column = column;
      drawHead();
      drawTable();
    });
    const sorted = sorting.column !== column ? "none" : sorting.ascending ? "ascending" : "descending";
    return element("th", { "aria-sort": sorted }, button);
  });
  document.querySelector("#cases thead").replaceChildren(element("tr", {}, ...heads));
}

async function route() {
  const nodeid = location.hash.startsWith("#case=") ? decodeURIComponent(location.hash.slice(6)) : null;
  const index = SESSION.cases.findIndex((record) => record.nodeid === nodeid);
  const page = document.getElementById("case");
  delete page.dataset.drawn;
  document.getElementById("overview").hidden = index >= 0;
  page.hidden = index < 0;
  scrollTo(0, 0);
  if (index >= 0) await drawCase(index, page);
  else page.replaceChildren();
}

function begin() {
  const counts = {};
  for (const record of SESSION.cases) counts[record.outcome] = (counts[record.outcome] ?? 0) + 1;
  const words = Object.entries(counts).map(([outcome, count]) => `${count} ${outcome}`);
  document.getElementById("totals").textContent = `${SESSION.cases.length} cases: ${words.join(", ")}`;
  const select = document.getElementById("outcome");
  select.append(...["all", ...Object.keys(counts)].map((name) => element("option", { value: name }, name)));
  document.getElementById("filter").addEventListener("input", drawTable);
  select.addEventListener("change", drawTable);
  document.getElementById("theme").addEventListener("click", () => {
    setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    route();
  });
  addEventListener("hashchange", route);
  if (SESSION.compared?.gone.length) {
    document.getElementById("gone").textContent = `Only in the baseline: ${SESSION.compared.gone.join(", ")}`;
  }
  drawHead();
  drawTable();
  route();
}
begin();
