"use strict";
// The graph of a case, drawn by Bokeh at the places that its layout gave it.

async function graph(data, parent) {
  const { nodes, links } = data;
  const rows = new Set(nodes.map((node) => node.y)).size;
  const reach = Math.max(1.5, ...nodes.map((node) => Math.abs(node.x) + 1));
  const made = figure(data.headline, Math.min(120 + 52 * rows, 2600), {
    x_range: new B.Range1d({ start: -reach, end: reach }),
    y_range: new B.Range1d({
      start: Math.min(...nodes.map((node) => node.y)) - 0.7,
      end: Math.max(...nodes.map((node) => node.y)) + 0.7,
    }),
  });
  made.below[0].visible = made.left[0].visible = false;
  const narrow = (parent.clientWidth - 60) / (2 * reach) < 48; // boxes with room for a number alone
  for (const grid of made.center) grid.visible = false;
  for (const race of [false, true]) {
    const chosen = links.filter((link) => link.race === race);
    if (!chosen.length) continue;
    const xs = [], ys = [], ends = { x: [], y: [], angle: [] };
    for (const link of chosen) {
      const from = nodes[link.source], to = nodes[link.to];
      const loop = link.source === link.to;
      const bend = loop ? 0.7 : Math.abs(from.y - to.y) > 1 || race ? 0.3 : 0;
      const middle = { x: (from.x + to.x) / 2 + bend, y: (from.y + to.y) / 2 };
      const a = { x: from.x, y: from.y - (loop ? -0.2 : 0.25) };
      const b = { x: to.x, y: to.y + (loop ? -0.2 : 0.25) };
      const points = Array.from({ length: 13 }, (_, i) => {
        const t = i / 12;
        return [(1 - t) ** 2 * a.x + 2 * t * (1 - t) * (middle.x + bend) + t * t * b.x,
          (1 - t) ** 2 * a.y + 2 * t * (1 - t) * middle.y + t * t * b.y];
      });
      xs.push(points.map((point) => point[0]));
      ys.push(points.map((point) => point[1]));
      ends.x.push(b.x);
      ends.y.push(b.y);
      ends.angle.push(loop ? 0 : Math.PI);
    }
    const colour = race ? "#d62728" : css("--soft");
    const lines = made.multi_line({
      xs: { field: "xs" }, ys: { field: "ys" }, line_color: colour,
      line_dash: race ? "dashed" : "solid", line_width: { field: "width" },
      source: new B.ColumnDataSource({ data: {
        xs, ys, width: chosen.map((link) => (link.critical || race ? 3 : 1)),
        label: chosen.map((link) => link.label || "edge"),
      } }),
    });
    lines.name = race ? "races" : "edges";
    hover(made, [lines], [["", "@label"]]);
    made.scatter({
      x: { field: "x" }, y: { field: "y" }, angle: { field: "angle" }, marker: "triangle", size: 8,
      source: new B.ColumnDataSource({ data: ends }), fill_color: colour, line_color: null,
    });
  }
  const boxes = made.rect({
    x: { field: "x" }, y: { field: "y" }, width: 0.84, height: 0.5,
    source: new B.ColumnDataSource({ data: {
      x: nodes.map((node) => node.x), y: nodes.map((node) => node.y),
      fill: nodes.map((node) => node.fill),
      line: nodes.map((node) => (node.critical ? css("--bad") : css("--soft"))),
      width: nodes.map((node) => (node.critical ? 3 : 1)),
      kernel: nodes.map((node) => node.kernel), tasks: nodes.map((node) => node.tasks),
      took: nodes.map((node) => node.microseconds), critical: nodes.map((node) => node.critical),
    } }),
    fill_color: { field: "fill" }, line_color: { field: "line" }, line_width: { field: "width" },
  });
  boxes.name = "marks";
  hover(made, [boxes], [["kernel", "@kernel"], ["tasks", "@tasks"], ["took", "@took{0.0} us"],
    ["on the critical path", "@critical"]]);
  made.text({
    x: { field: "x" }, y: { field: "y" }, text: { field: "text" }, text_align: "center",
    text_baseline: "middle", text_font_size: nodes.length > 30 ? "9px" : "11px", text_color: "#101418",
    source: new B.ColumnDataSource({ data: {
      x: nodes.map((node) => node.x), y: nodes.map((node) => node.y),
      text: nodes.map((node) => (narrow ? node.label.match(/\d+/g).pop() : node.label)),
    } }),
  });
  await show(made, parent, "graph");
}
