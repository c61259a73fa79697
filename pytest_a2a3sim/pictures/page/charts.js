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

function hover(made, renderers, tooltips) {
  made.add_tools(new B.HoverTool({ renderers, tooltips }));
}

const DIVERGING = ["#2166ac", "#67a9cf", "#d1e5f0", "#f7f7f7", "#fddbc7", "#ef8a62", "#b2182b"];

function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (Number.isFinite(value)) { low = Math.min(low, value); high = Math.max(high, value); }
  }
  return low <= high ? [low, high] : [0, 1];
}

function errorMap(map, kind, ranges) {
  const values = unpack(map[kind] ?? map.expected);
  let [low, high] = extent(values);
  const symmetric = kind === "difference";
  if (symmetric) { high = Math.max(Math.abs(low), Math.abs(high)) || 1; low = -high; }
  if (low === high) high = low + 1;
  const mapper = new B.LinearColorMapper({
    palette: symmetric ? DIVERGING : B.Palettes.Viridis256,
    low, high, nan_color: "#ff00ff",
  });
  const [top, left] = map.origin, [tall, wide] = map.block;
  const made = figure(`${kind}: ${map.title}`, 260, {
    ...ranges, match_aspect: false, xlabel: "last axis", ylabel: "leading axes",
  });
  const pixels = ndarray(values, { dtype: "float32", shape: [map.rows, map.columns] });
  const source = new B.ColumnDataSource({ data: { image: [pixels] } });
  const image = made.image({
    image: { field: "image" }, source, x: left - 0.5, y: top - 0.5, dw: map.columns * wide,
    dh: map.rows * tall, color_mapper: mapper,
  });
  hover(made, [image], [["last axis", "$x{0}"], ["leading axes", "$y{0}"], [kind, "@image"]]);
  made.add_layout(new B.ColorBar({
    color_mapper: mapper, major_label_text_color: css("--ink"), background_fill_color: null,
  }), "right");
  return made;
}

// Maps of one part of a tensor, which are zoomed and moved together.
async function errorMaps(tensor, map, index, parent) {
  const kinds = map.difference ? ["actual", "expected", "difference"] : ["expected"];
  const made = [];
  for (const kind of kinds) {
    const [top, left] = map.origin, [tall, wide] = map.block;
    const ranges = made.length ? { x_range: made[0].x_range, y_range: made[0].y_range } : {
      x_range: new B.Range1d({ start: left - 0.5, end: left - 0.5 + map.columns * wide }),
      y_range: new B.Range1d({ start: top - 0.5 + map.rows * tall, end: top - 0.5 }),
    };
    made.push(errorMap(map, kind, ranges));
  }
  const place = element("div", { class: "charts", "data-chart": `map-${index}-${tensor.name}` });
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
  const bars = data.bars, lane = unpack(bars.lane), kernel = unpack(bars.kernel);
  const start = unpack(bars.start), end = unpack(bars.end);
  const n = lane.length;
  const critical = new Uint8Array(n);
  if (bars.critical) for (const task of unpack(bars.critical)) critical[task] = 1;
  const made = figure("timeline", 90 + 26 * Math.min(data.cores.length, 40), {
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
  if (data.aggregated) columns.count = unpack(bars.count);
  else {
    columns.task = Int32Array.from(lane, (_, i) => i);
    const first = unpack(data.edges.first), successors = unpack(data.edges.successors);
    columns.next = Array.from(lane, (_, i) => {
      const next = Array.from(successors.subarray(first[i], first[i + 1]));
      return next.length > 8 ? `${next.slice(0, 8).join(", ")}, ... ${next.length} in all` : next.join(", ");
    });
  }
  const gaps = data.gaps, gapStart = unpack(gaps.start), gapEnd = unpack(gaps.end);
  const idle = made.hbar({
    y: { field: "y" }, left: { field: "start" }, right: { field: "end" }, height: 0.25,
    source: new B.ColumnDataSource({ data: {
      y: Float64Array.from(unpack(gaps.lane), (value) => data.cores.length - value),
      start: gapStart, end: gapEnd, took: Float64Array.from(gapEnd, (value, i) => value - gapStart[i]),
    } }),
    fill_color: css("--gap"), fill_alpha: 0.45, line_color: null,
  });
  const tasks = made.hbar({
    y: { field: "y" }, left: { field: "start" }, right: { field: "end" }, height: 0.8,
    source: new B.ColumnDataSource({ data: columns }), fill_color: { field: "fill" },
    line_color: { field: "line" }, line_width: { field: "width" },
  });
  hover(made, [tasks], data.aggregated
    ? [["mostly", "@kernel"], ["tasks", "@count"], ["core", "@core"], ["from", "@start{0.000} us"]]
    : [["task", "@task"], ["kernel", "@kernel"], ["core", "@core"], ["start", "@start{0.000} us"],
      ["took", "@took{0.000} us"], ["before tasks", "@next"]]);
  hover(made, [idle], [["idle", "@took{0.000} us"]]);
  const places = data.cores.map((_, i) => data.cores.length - i);
  made.left[0].ticker = new B.FixedTicker({ ticks: places });
  made.left[0].major_label_overrides = new Map(places.map((place, i) => [place, data.cores[i]]));
  await show(made, parent, "timeline");
}

async function parallelism(data, parent) {
  const made = figure("tasks that ran at a time", 220, { xlabel: "microseconds", ylabel: "tasks" });
  data.parallelism.forEach((curve, i) => {
    made.step({
      x: { field: "x" }, y: { field: "y" }, mode: "after", line_width: 1.5,
      source: new B.ColumnDataSource({ data: { x: unpack(curve.time), y: unpack(curve.running) } }),
      line_color: [css("--accent"), "#f28e2b"][i], legend_label: curve.name,
    });
  });
  const legend = made.center.find((part) => part instanceof B.Legend);
  if (legend) {
    legend.background_fill_alpha = 0;
    legend.label_text_color = css("--ink");
  }
  await show(made, parent, "parallelism");
}

async function whatIf(data, parent) {
  const rows = data.makespans;
  const x = rows.map((row) => String(row.block_dim));
  const made = figure("on other devices (list scheduling)", 220, {
    xlabel: "block_dim", ylabel: "microseconds", x_range: new B.FactorRange({ factors: x }),
  });
  const bars = made.vbar({
    x: { field: "x" }, top: { field: "top" }, width: 0.7, line_color: null,
    source: new B.ColumnDataSource({ data: {
      x, top: rows.map((row) => row.microseconds),
      aic: rows.map((row) => row.aic), aiv: rows.map((row) => row.aiv),
      fill: rows.map((row) => (row.block_dim === data.block_dim ? css("--bad") : css("--accent"))),
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
