"use strict";
// Charts of a case, drawn by Bokeh.

const B = Bokeh;
const { ndarray } = B.require("core/util/ndarray");

function figure(title, height, options = {}) {
  const { xlabel, ylabel, ...rest } = options;
  const made = B.Plotting.figure({
    title, height, sizing_mode: "stretch_width", tools: "pan,wheel_zoom,box_zoom,reset,save",
    output_backend: "webgl", background_fill_color: null, border_fill_color: null,
    outline_line_color: css("--line"), ...rest,
  });
  made.toolbar.logo = null;
  const ink = css("--ink");
  for (const axis of [...made.below, ...made.left]) {
    for (const part of ["axis_label_text_color", "major_label_text_color", "axis_line_color",
      "major_tick_line_color", "minor_tick_line_color"]) axis[part] = ink;
  }
  for (const axis of made.below) axis.axis_label = xlabel ?? null;
  for (const axis of made.left) axis.axis_label = ylabel ?? null;
  for (const grid of made.center) grid.grid_line_color = css("--line");
  made.title.text_color = ink;
  const zoom = made.toolbar.tools.find((tool) => tool instanceof B.WheelZoomTool);
  if (zoom) made.toolbar.active_scroll = zoom;
  return made;
}

async function show(made, parent, name) {
  const place = element("div", { class: "chart", "data-chart": name });
  parent.append(place);
  place.figure = made;
  await B.Plotting.show(made, place);
  place.dataset.drawn = "yes";
}

function hover(made, renderers, tooltips, options = {}) {
  made.add_tools(new B.HoverTool({ renderers, tooltips, ...options }));
}

const DIVERGING = ["#2166ac", "#4393c3", "#92c5de", "#d1e5f0", "#f7f7f7", "#fddbc7", "#f4a582",
  "#d6604d", "#b2182b"];
const BEYOND = { low_color: "#ff7f0e", high_color: "#ff7f0e", nan_color: "#ff00ff" };

function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (Number.isFinite(value)) { low = Math.min(low, value); high = Math.max(high, value); }
  }
  return low <= high ? [low, high] : [0, 1];
}

const MOST_CELLS = 40_000; // single elements that are shown side by side

function valuesOf(layer, kind) {
  if (kind === "expected" || !layer.difference) {
    return kind === "difference" ? new Float32Array(layer.expected.length) : layer.expected;
  }
  return layer[kind] ?? layer.expected.map((value, i) => value + layer.difference[i]);
}

// Of the expected values, by which actual ones are coloured too: orange is beyond them.
function extentOf(map) {
  const extents = map.layers.map((layer) => extent(layer.expected));
  const low = Math.min(...extents.map((each) => each[0]));
  const high = Math.max(...extents.map((each) => each[1]));
  return low === high ? [low, low + 1] : [low, high];
}

// What nine of ten differences are within: a single large one leaves the others their colours.
function usualErrors(values) {
  const sizes = Array.from(values, Math.abs)
    .filter((value) => value > 0 && Number.isFinite(value)).sort((a, b) => a - b);
  const usual = sizes[Math.floor(0.9 * sizes.length)] ?? 1;
  return [-usual, usual];
}

function titleOf(kind, map, layer) {
  const [tall, wide] = layer.block;
  return tall * wide === 1 ? `${kind}: ${map.whole ? "every element" : "around the worst element"}`
    : `${kind}: blocks of ${tall} x ${wide}, each by its largest error`;
}

function errorMap(map, kind, ranges) {
  const values = map.layers.map((layer) => valuesOf(layer, kind));
  const [low, high] = kind === "difference" ? usualErrors(values[0]) : extentOf(map);
  const mapper = kind === "difference"
    ? new B.LinearColorMapper({ palette: DIVERGING, low, high, nan_color: BEYOND.nan_color })
    : new B.LinearColorMapper({ palette: B.Palettes.Viridis256, low, high, ...BEYOND });
  const made = figure(titleOf(kind, map, map.layers[0]), 260, {
    ...ranges, match_aspect: false, xlabel: "last axis", ylabel: "leading axes",
  });
  const images = map.layers.map((layer, i) => {
    const [top, left] = layer.origin, [tall, wide] = layer.block;
    const pixels = ndarray(values[i], { dtype: "float32", shape: [layer.rows, layer.columns] });
    return made.image({
      image: { field: "image" }, source: new B.ColumnDataSource({ data: { image: [pixels] } }),
      x: left - 0.5, y: top - 0.5, dw: layer.columns * wide, dh: layer.rows * tall,
      color_mapper: mapper,
    });
  });
  if (map.worst) {
    made.scatter({
      x: { field: "x" }, y: { field: "y" }, marker: "square", size: 9, fill_color: null,
      line_color: "#d62728", line_width: 1.5,
      source: new B.ColumnDataSource({ data: { x: [map.worst[1]], y: [map.worst[0]] } }),
    }).name = "worst";
  }
  if (images.length > 1) {
    // Blocks give way to their elements where those are few enough to be told apart.
    const choose = () => {
      const cells = Math.abs(made.x_range.end - made.x_range.start)
        * Math.abs(made.y_range.end - made.y_range.start);
      const single = !map.whole || cells <= MOST_CELLS;
      images[1].visible = single;
      made.title.text = titleOf(kind, map, map.layers[single && map.whole ? 1 : 0]);
    };
    for (const range of [made.x_range, made.y_range]) range.change.connect(choose);
    choose();
  }
  for (const image of images) {
    hover(made, [image], [["last axis", "$x{0}"], ["leading axes", "$y{0}"], [kind, "@image"]]);
  }
  made.add_layout(new B.ColorBar({
    color_mapper: mapper, major_label_text_color: css("--ink"), background_fill_color: null,
  }), "right");
  return made;
}

// Maps of a tensor, which are zoomed and moved together.
async function errorMaps(tensor, map, parent) {
  const kinds = map.worst ? ["actual", "expected", "difference"] : ["expected"];
  const made = [];
  for (const kind of kinds) {
    const ranges = made.length ? { x_range: made[0].x_range, y_range: made[0].y_range } : {
      x_range: new B.Range1d({ start: -0.5, end: map.columns - 0.5 }),
      y_range: new B.Range1d({ start: map.rows - 0.5, end: -0.5 }),
    };
    made.push(errorMap(map, kind, ranges));
  }
  const place = element("div", { class: "charts", "data-chart": `map-${tensor.name}` });
  parent.append(place);
  place.figure = made[made.length - 1];
  await B.Plotting.show(made, place);
  place.dataset.drawn = "yes";
}

async function histogram(tensor, bins, title, xlabel, name, parent) {
  if (!bins.length) return;
  const data = {
    left: bins.map((_, i) => i), right: bins.map((_, i) => i + 0.9),
    count: bins.map((bin) => bin.count),
    label: bins.map((bin) => (bin.upto === null ? `above ${number(bin.above)}` : `${number(bin.above)} to ${number(bin.upto)}`)),
  };
  const made = figure(title, 220, { xlabel, ylabel: "elements" });
  const bars = made.quad({
    left: { field: "left" }, right: { field: "right" }, bottom: 0, top: { field: "count" },
    source: new B.ColumnDataSource({ data }), fill_color: css("--accent"), line_color: null,
  });
  made.below[0].ticker = new B.FixedTicker({ ticks: data.left.map((x) => x + 0.45) });
  made.below[0].major_label_overrides =
    new Map(data.left.map((x, i) => [x + 0.45, bins[i].upto === null ? `> ${number(bins[i].above)}` : `<= ${number(bins[i].upto)}`]));
  made.below[0].major_label_orientation = 0.6;
  hover(made, [bars], [["error", "@label"], ["elements", "@count"]]);
  await show(made, parent, `${name}-${tensor.name}`);
}

async function timeline(data, parent) {
  const bars = data.bars, lane = bars.lane, kernel = bars.kernel;
  const start = bars.start, end = bars.end;
  const n = lane.length;
  const critical = new Uint8Array(n);
  if (bars.critical) for (const task of bars.critical) critical[task] = 1;
  const made = figure("timeline", 120 + 26 * Math.min(data.cores.length, 40), {
    xlabel: "microseconds", tools: "pan,xwheel_zoom,box_zoom,reset,save", lod_threshold: null,
  });
  const y = Float64Array.from(lane, (value) => data.cores.length - value);
  const fill = Array.from(kernel, (value) => data.colours[value]);
  const line = Array.from(critical, (value) => (value ? css("--bad") : css("--paper")));
  const width = Float64Array.from(critical, (value) => (value ? 2.5 : 0.4));
  const columns = {
    y, start, end, fill, line, width,
    kernel: Array.from(kernel, (value) => data.kernels[value]),
    core: Array.from(lane, (value) => data.cores[value]),
    took: Float64Array.from(end, (value, i) => value - start[i]),
  };
  if (data.aggregated) columns.count = bars.count;
  else {
    columns.task = Int32Array.from(lane, (_, i) => i);
    const first = data.edges.first, successors = data.edges.successors;
    const given = data.arguments;
    columns.given = Array.from(lane, (_, i) => {
      if (!given) return "";
      const indices = Array.from(given.index.subarray(given.first[i], given.first[i + 1]));
      return indices.map((index) => given.words[index]).join(", ");
    });
    columns.next = Array.from(lane, (_, i) => {
      const next = Array.from(successors.subarray(first[i], first[i + 1]));
      return next.length > 8 ? `${next.slice(0, 8).join(", ")}, ... ${next.length} in all` : next.join(", ");
    });
  }
  const gaps = data.gaps, gapStart = gaps.start, gapEnd = gaps.end;
  const idle = made.hbar({
    y: { field: "y" }, left: { field: "start" }, right: { field: "end" }, height: 0.25,
    source: new B.ColumnDataSource({ data: {
      y: Float64Array.from(gaps.lane, (value) => data.cores.length - value),
      start: gapStart, end: gapEnd, took: Float64Array.from(gapEnd, (value, i) => value - gapStart[i]),
    } }),
    fill_color: css("--gap"), fill_alpha: 0.45, line_color: null,
  });
  const tasks = made.hbar({
    y: { field: "y" }, left: { field: "start" }, right: { field: "end" }, height: 0.8,
    source: new B.ColumnDataSource({ data: columns }), fill_color: { field: "fill" },
    line_color: { field: "line" }, line_width: { field: "width" },
  });
  tasks.name = "marks";
  hover(made, [tasks], data.aggregated
    ? [["mostly", "@kernel"], ["tasks", "@count"], ["core", "@core"], ["from", "@start{0.000} us"]]
    : [["task", "@task"], ["kernel", "@kernel"], ["core", "@core"], ["start", "@start{0.000} us"],
      ["took", "@took{0.000} us"], ["arguments", "@given"], ["before tasks", "@next"]]);
  hover(made, [idle], [["idle", "@took{0.000} us"]]);
  const places = data.cores.map((_, i) => data.cores.length - i);
  made.left[0].ticker = new B.FixedTicker({ ticks: places });
  made.left[0].major_label_overrides = new Map(places.map((place, i) => [place, data.cores[i]]));
  await show(made, parent, "timeline");
}

async function parallelism(data, parent) {
  const made = figure("tasks that ran at a time", 220, { xlabel: "microseconds", ylabel: "tasks" });
  data.parallelism.forEach((curve, i) => {
    // A step is a point at its start and one at its end, where it has still the same value.
    const steps = Array.from(curve.time, (time, at) => [[time, curve.running[at]],
      [curve.time[Math.min(at + 1, curve.time.length - 1)], curve.running[at]]]).flat();
    const line = made.line({
      x: { field: "x" }, y: { field: "y" }, line_width: 1.5,
      source: new B.ColumnDataSource({ data: {
        x: steps.map((step) => step[0]), y: steps.map((step) => step[1]),
      } }),
      line_color: [css("--accent"), "#f28e2b"][i], legend_label: curve.name,
    });
    hover(made, [line], [["from", "@x{0.000} us"], [`${curve.name} tasks`, "@y"]],
      { mode: "vline", line_policy: "prev" });
  });
  const legend = made.center.find((part) => part instanceof B.Legend);
  if (legend) {
    legend.location = "top_left";
    legend.background_fill_color = css("--paper");
    legend.background_fill_alpha = 0.8;
    legend.border_line_color = null;
    legend.padding = 2;
    legend.label_text_color = css("--ink");
  }
  await show(made, parent, "parallelism");
}

async function whatIf(data, parent) {
  const rows = data.makespans;
  const x = rows.map((row) => String(row.block_dim));
  const made = figure("makespan by block_dim (dashed: critical path)", 220, {
    xlabel: `block_dim (this case has ${data.block_dim})`, ylabel: "microseconds", x_range: new B.FactorRange({ factors: x }),
  });
  const bars = made.vbar({
    x: { field: "x" }, top: { field: "top" }, width: 0.7, line_color: null,
    source: new B.ColumnDataSource({ data: {
      x, top: rows.map((row) => row.microseconds),
      aic: rows.map((row) => row.aic), aiv: rows.map((row) => row.aiv),
      fill: rows.map((row) => (row.block_dim === data.block_dim ? css("--accent") : css("--gap"))),
    } }),
    fill_color: { field: "fill" },
  });
  hover(made, [bars], [["block_dim", "@x"], ["makespan", "@top{0.0} us"], ["AIC busy", "@aic{0%}"],
    ["AIV busy", "@aiv{0%}"]]);
  made.add_layout(new B.Span({
    location: data.critical_microseconds, dimension: "width", line_dash: "dashed",
    line_color: css("--ink"),
  }));
  await show(made, parent, "what-if");
}
