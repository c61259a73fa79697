"use strict";
// The page of one case.

async function drawTensor(tensor, parent) {
  parent.append(element("h3", {}, `${tensor.name} (${tensor.shape.join(" x ")}, ${tensor.dtype}): `,
    element("span", { class: tensor.passed ? "passed" : "failed" },
      `${tensor.matched.toLocaleString("en")} of ${tensor.size.toLocaleString("en")} match`)));
  if (tensor.equal) parent.append(element("p", { class: "soft" }, "Every element is equal."));
  if (tensor.map) await errorMaps(tensor, tensor.map, parent);
  const row = element("div", { class: "charts" });
  parent.append(row);
  await histogram(tensor, tensor.tolerance, "error, in parts of what is allowed", "error / allowed",
    "tolerance", row);
  await histogram(tensor, tensor.ulp, "error in ULP", "ULP", "ulp", row);
}

// The lines of a report in their styles; of a case that passed, folded.
function report(lines, record) {
  const text = element("pre", { id: "report" });
  for (const line of lines) {
    text.append(...line.map(([part, style]) => element("span", { class: `line-${style}` }, part)), "\n");
  }
  if (record.failure) return text;
  return element("details", { open: "" }, element("summary", {}, "Report"), text);
}

function findings(listed, parent) {
  if (!listed.length) return;
  parent.append(element("h2", {}, "Findings of the sanitizer"));
  for (const finding of listed) {
    parent.append(element("h3", {}, finding.title), element("p", {}, finding.about));
    for (const source of finding.sources) {
      const text = element("pre", {}, `${source.file}:${source.line ?? "?"}\n`);
      for (const [line, code] of source.lines) {
        const shown = `${String(line).padStart(5)}  ${code}\n`;
        text.append(line === source.line ? element("mark", {}, shown) : shown);
      }
      parent.append(text);
    }
    if (finding.stream.length) parent.append(lanes(finding.stream));
  }
}

// Steps of a core in the order of issue, a column for each pipe.
function lanes(stream) {
  const pipes = [...new Set(stream.flatMap((step) => [step.pipe, step.destination]).filter(Boolean))];
  const table = element("table", { class: "lanes" });
  table.append(element("tr", {}, ...pipes.map((pipe) => element("th", {}, pipe))));
  for (const step of stream) {
    const flag = step.event !== null;
    const word = flag ? `${step.kind} ${step.event}` : step.name || step.kind;
    const title = step.source ? `${step.source.file}:${step.source.line}` : "";
    table.append(element("tr", {}, ...pipes.map((pipe) => element("td", { title },
      pipe === step.pipe ? (flag ? `${word} \u2192 ${step.destination}` : word)
        : pipe === step.destination ? `\u2190 ${word} of ${step.pipe}` : ""))));
  }
  return element("div", { class: "wide" }, table);
}

function comparison(changed, parent) {
  if (!changed) return;
  parent.append(element("h2", {}, "Compared with the baseline"));
  if (changed.new) {
    parent.append(element("p", {}, "The baseline does not have this case."));
    return;
  }
  const rows = [["outcome", ...changed.outcome], ["seconds", ...changed.seconds.map(seconds)],
    ["graph", ...changed.execute.map(seconds)]];
  for (const tensor of changed.tensors) {
    rows.push([`${tensor.name}: largest error`, ...tensor.max_abs_error.map(number)]);
    rows.push([`${tensor.name}: matched`, ...tensor.matched]);
  }
  const table = element("table", { id: "changes" });
  table.append(element("tr", {}, ...["", "before", "now"].map((text) => element("th", {}, text))));
  for (const row of rows) table.append(element("tr", {}, ...row.map((cell) => element("td", {}, String(cell)))));
  parent.append(element("div", { class: "wide" }, table));
}

async function drawCase(index, page) {
  const parent = element("div"); // of this call: another one may replace it while charts are drawn
  page.replaceChildren(parent);
  const record = SESSION.cases[index];
  const data = await caseData(index);
  parent.append(element("p", {}, element("a", { href: "#" }, "all cases")),
    element("h2", {}, `${record.nodeid} `, element("span", { class: record.outcome }, record.outcome)));
  if (data.report?.length) parent.append(report(data.report, record));
  for (const finding of record.findings) parent.append(element("p", {}, finding));
  comparison(SESSION.compared?.cases[record.nodeid], parent);
  if (data.tensors) {
    parent.append(element("h2", {}, "Outputs"));
    for (const tensor of data.tensors) await drawTensor(tensor, parent);
  }
  if (data.timeline) {
    parent.append(element("h2", {}, "Time"));
    if (data.timeline.aggregated) {
      parent.append(element("p", { id: "aggregated" },
        `${data.timeline.tasks.toLocaleString("en")} tasks are too many to draw: a bar shows what a `
        + "core did most in a thousandth of the time. A trace (--sim-trace) has every task."));
    }
    const legend = element("div", { class: "legend" }, ...data.timeline.kernels.map((name, i) => {
      const patch = element("i");
      patch.style.background = data.timeline.colours[i];
      return element("span", {}, patch, name);
    }), element("span", { class: "soft" }, "red outline: critical path; grey: idle"));
    parent.append(legend);
    await timeline(data.timeline, parent);
    const row = element("div", { class: "charts" });
    parent.append(row);
    await parallelism(data.timeline, row);
    await whatIf(data.timeline, row);
  } else {
    parent.append(element("p", { class: "soft" }, "The case did not run to its end: there is no timeline."));
  }
  if (data.graph) {
    parent.append(element("h2", {}, "Graph"));
    await graph(data.graph, parent);
  }
  findings(data.findings ?? [], parent);
  if (parent.parentNode === page) page.dataset.drawn = String(index);
}
