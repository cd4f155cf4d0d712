// The one view of every widget: draws a scene, makes an input for every control, and sends what the reader
// sets to Python. The same file serves the notebook (anywidget) and the published page.
//
// Sections: numbers and colours · arrays · elements · panels · controls · pointer · conversation · render.

// ----------------------------------------------------------------------------------- numbers and colours

const VIRIDIS = "440154 482475 414487 355f8d 2a788e 21918c 22a884 44bf70 7ad151 bddf26 fde725";
const BLUE_WHITE_RED = "053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f";
const COLOURS = { sequential: colourTable(VIRIDIS), diverging: colourTable(BLUE_WHITE_RED) };

/** 256 colours [red, green, blue, text on it] between the given stops. */
function colourTable(stops) {
  const known = stops.split(" ").map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  return Array.from({ length: 256 }, (_, index) => {
    const place = (index / 255) * (known.length - 1);
    const left = Math.min(Math.floor(place), known.length - 2);
    const part = place - left;
    const rgb = known[left].map((value, i) => Math.round(value + part * (known[left + 1][i] - value)));
    const [red, green, blue] = rgb.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    // Black and white contrast equally with the luminance 0.179.
    return [...rgb, 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "black" : "white"];
  });
}

/** A function value -> colour for the colours and limits of a panel or heatmap; null where there is none. */
function colouring(colours, limits, data) {
  const table = COLOURS[colours];
  if (!table) return () => null;
  let [low, high] = limits ?? extent(data);
  if (colours === "diverging") {
    high = Math.max(Math.abs(low), Math.abs(high));
    low = -high;
  }
  const scale = high > low ? 255 / (high - low) : 0;
  return (value) => {
    if (Number.isNaN(value)) return null;
    return table[scale ? Math.max(0, Math.min(255, Math.round((value - low) * scale))) : 127];
  };
}

/** The smallest and largest finite number, [0, 0] if there is none. */
function extent(data) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of data) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 0];
}

/** Up to `digits` significant digits; the integer part of a number below a million stays whole. */
function significant(value, digits) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
    return value.toExponential(digits - 1).replace(/\.?0*e\+?/, "e");
  }
  return String(Number(value.toPrecision(Math.max(digits, Math.ceil(Math.log10(size + 1))))));
}

/** A number as text, by a format such as "", ".0f", ".2f", ".3g", ".1e" or ".0%". */
function numberText(value, format = "") {
  if (value === null || Number.isNaN(value)) return "";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const [, plus, comma, digits, kind] = /^(\+?)(,?)(?:\.(\d+))?([a-z%]?)$/.exec(format) ?? [];
  const places = digits === undefined ? 6 : Number(digits);
  let text;
  if (kind === "f") text = value.toFixed(places);
  else if (kind === "d") text = value.toFixed(0);
  else if (kind === "e") text = value.toExponential(places);
  else if (kind === "%") text = (100 * value).toFixed(places);
  else text = significant(value, digits === undefined ? 3 : Math.max(1, places));
  if (parseFloat(text) === 0) text = text.replace("-", "");
  if (comma) text = thousands(text);
  if (plus && value >= 0) text = `+${text}`;
  return text.replaceAll("-", "−") + (kind === "%" ? "%" : "");
}

function thousands(text) {
  return text.replace(/^-?\d{5,}/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
}

function clip(value, low, high) {
  return Math.max(low, Math.min(high, value));
}

/** The multiple of the step nearest to the value, without the digits that floating point adds. */
function toStep(value, minimum, step) {
  return Number((minimum + Math.round((value - minimum) / step) * step).toPrecision(12));
}

// ------------------------------------------------------------------------------------------------ arrays

const TYPES = {
  float64: Float64Array, float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array,
};

/** A scene with every encoded array in it replaced by {shape, dtype, data: typed array}. */
function decode(value) {
  if (Array.isArray(value)) return value.map(decode);
  if (value === null || typeof value !== "object") return value;
  if ("dtype" in value && "shape" in value && "data" in value) return decodeArray(value);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, decode(part)]));
}

function decodeArray({ dtype, shape, data, scale }) {
  const Type = TYPES[dtype];
  if (typeof data === "string") data = fromBase64(data);
  const [buffer, offset] = data instanceof ArrayBuffer ? [data, 0] : [data.buffer, data.byteOffset];
  const bytes = shape.reduce((product, size) => product * size, 1) * Type.BYTES_PER_ELEMENT;
  // A typed array cannot start in the middle of a number: such bytes are copied.
  const array = offset % Type.BYTES_PER_ELEMENT
    ? new Type(buffer.slice(offset, offset + bytes))
    : new Type(buffer, offset, bytes / Type.BYTES_PER_ELEMENT);
  return { shape, dtype, data: scale ? Float64Array.from(array, (value) => value / scale) : array };
}

function fromBase64(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let index = 0; index < letters.length; index += 1) bytes[index] = letters.charCodeAt(index);
  return bytes;
}

/** The numbers of an array or list; what is not finite in plain JSON came as null. */
function numbers(values) {
  return values.data ?? values.map((value) => value ?? NaN);
}

// ---------------------------------------------------------------------------------------------- elements

const NAME = "dlcore-view";

function element(tag, attributes = {}, ...children) {
  return fillElement(document.createElement(tag), attributes, children);
}

function shape(tag, attributes = {}, ...children) {
  return fillElement(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fillElement(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) write(node, name, value);
  node.append(...children);
  return node;
}

/** Sets an attribute if it changed; null and false remove it. "class" is short for classes of this view. */
function write(node, name, value) {
  if (value === null || value === undefined || value === false) {
    node.removeAttribute(name);
    return;
  }
  let text = value === true ? "" : String(value);
  if (name === "class") text = text.replace(/\S+/g, `${NAME}__$&`);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

function writeText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Makes the parent have exactly `count` children, those that are there stay. */
function ensure(parent, count, make) {
  while (parent.childElementCount > count) parent.lastElementChild.remove();
  while (parent.childElementCount < count) parent.append(make());
  return parent.children;
}

/** A drawing has the title of its panel as its name, or is left out when it has none. */
function nameDrawing(node, title) {
  write(node, "role", title ? "img" : null);
  write(node, "aria-label", title || null);
  write(node, "aria-hidden", title ? null : "true");
}

// ------------------------------------------------------------------------------------------------ panels
// A panel has `element`, `update(panel, width, widest)` and `size` = {basis, grow, limit}: the narrowest
// width in pixels before it goes to a row of its own, its share of free room, and the widest it gets.
// `width` is 0 when unknown; `widest` is the number of columns of the row's widest picture: pictures of a row
// share a scale. Panels that the pointer can use have `surface` and `locate(event)`.

const UNIT = 40; // side of a cell in the drawing's own units
const MARGIN = 2;
const SMALLEST_CELL = 18;
const LETTER = 0.64; // width of a digit, in font sizes

function cellsPanel() {
  const [boxes, texts] = [shape("g"), shape("g", { class: "numbers" })];
  const hatching = shape("path", { class: "hatching" });
  const casing = shape("path", { class: "casing" });
  const outline = shape("path", { class: "outline" });
  const svg = shape("svg", { class: "cells" }, boxes, hatching, casing, outline, texts);
  let [rows, columns, longest, drawn] = [0, 0, 1, []];

  function rebuild(height, width) {
    [rows, columns, longest, drawn] = [height, width, 1, []];
    boxes.replaceChildren();
    texts.replaceChildren();
    for (let index = 0; index < rows * columns; index += 1) {
      const [x, y] = [(index % columns) * UNIT, Math.floor(index / columns) * UNIT];
      boxes.append(shape("rect", { x, y, width: UNIT, height: UNIT, class: "cell" }));
      texts.append(shape("text", { x: x + UNIT / 2, y: y + UNIT / 2, dy: "0.35em" }));
    }
    const size = [columns * UNIT + 2 * MARGIN, rows * UNIT + 2 * MARGIN];
    write(svg, "viewBox", `${-MARGIN} ${-MARGIN} ${size[0]} ${size[1]}`);
  }

  const panel = {
    element: svg,
    surface: svg,
    update({ title, values, format, colours, limits, marks }, width) {
      const [height, across] = values.shape;
      if (height !== rows || across !== columns) rebuild(height, across);
      nameDrawing(svg, title);
      const data = values.data;

      // Texts that get too small are written with fewer digits, then left out. The longest text so far
      // decides, so that the size of the numbers does not jump while a value changes.
      let words = Array.from(data, (value) => (format === "none" ? "" : numberText(value, format)));
      longest = words.reduce((most, word) => Math.max(most, word.length), longest);
      const [least, natural] = cellSizes(format, columns);
      const cell = width ? Math.min(natural, width / columns) : natural;
      let room = longest;
      const fontSize = () => UNIT * Math.min(0.42, 0.92 / (LETTER * room));
      if ((fontSize() * cell) / UNIT < 7.5) {
        words = Array.from(data, (value) => (format === "none" ? "" : numberText(value, ".2g")));
        room = words.reduce((most, word) => Math.max(most, word.length), 1);
        if ((fontSize() * cell) / UNIT < 6.5) words = words.map(() => "");
      }
      write(texts, "font-size", fontSize().toFixed(1));

      const colour = colouring(colours, limits, data);
      const [highlight, muted, hatched, selected] = ["highlight", "muted", "hatched", "selected"]
        .map((name) => marks?.[name]?.data);
      const looked = Array.from(data, (_, index) => Boolean(highlight?.[index] || selected?.[index]));
      for (let index = 0; index < data.length; index += 1) {
        const fill = colour(data[index]);
        const orange = looked[index] && !fill;
        const box = `cell${orange ? " highlighted" : ""}${muted?.[index] ? " muted" : ""}`;
        const text = orange ? "on-highlight" : muted?.[index] && !fill ? "muted" : null;
        const state = `${words[index]} ${box} ${fill}`;
        if (drawn[index] === state) continue;
        drawn[index] = state;
        write(boxes.children[index], "class", box);
        boxes.children[index].style.fill = fill ? `rgb(${fill[0]} ${fill[1]} ${fill[2]})` : "";
        write(texts.children[index], "class", text);
        texts.children[index].style.fill = fill ? fill[3] : "";
        writeText(texts.children[index], words[index]);
      }
      write(hatching, "d", hatch(hatched, columns));
      // A window and a cell may touch: each has its own outline.
      const edges = border(highlight, rows, columns) + border(selected, rows, columns);
      write(casing, "d", edges);
      write(outline, "d", edges);

      svg.style.maxWidth = atLeast(columns * natural);
      panel.size = { basis: columns * least, grow: columns, limit: Math.max(columns * natural, 144) };
    },
    locate(event) {
      const area = svg.getBoundingClientRect();
      const scale = (columns * UNIT + 2 * MARGIN) / area.width;
      const x = ((event.clientX - area.left) * scale - MARGIN) / UNIT;
      const y = ((event.clientY - area.top) * scale - MARGIN) / UNIT;
      return pixel(x, y, rows, columns);
    },
  };
  return panel;
}

/** A length in pixels that grows with the reader's text, where that is larger than usual. */
function atLeast(pixels) {
  return `max(${Math.round(pixels)}px, ${(pixels / 16).toFixed(2)}em)`;
}

/** Pixels that a cell should have at least, and has where there is room. */
function cellSizes(format, columns) {
  if (format === "none") return [SMALLEST_CELL, clip(460 / columns, SMALLEST_CELL, UNIT)];
  const more = Math.max(0, Number(/\.(\d)/.exec(format)?.[1] ?? 0) - 1); // decimals that need more room
  const natural = clip(460 / columns, SMALLEST_CELL, UNIT + 8 * more);
  return [Math.min(natural, 26 + 7 * more), natural];
}

/** The cell or pixel at (x, y) from the top left; a drag that leaves the panel stays at its border. */
function pixel(x, y, rows, columns) {
  const row = clip(Math.floor(y), 0, rows - 1);
  const column = clip(Math.floor(x), 0, columns - 1);
  return { row, column, cell: row * columns + column };
}

/** Path around the connected regions of the marked cells. */
function border(marked, rows, columns) {
  if (!marked) return "";
  const inside = (row, column) =>
    row >= 0 && row < rows && column >= 0 && column < columns && Boolean(marked[row * columns + column]);
  let path = "";
  for (let row = 0; row <= rows; row += 1) {
    for (let column = 0; column <= columns; column += 1) {
      const here = inside(row, column);
      const corner = `M${column * UNIT} ${row * UNIT}`;
      if (here !== inside(row - 1, column)) path += `${corner}h${UNIT}`;
      if (here !== inside(row, column - 1)) path += `${corner}v${UNIT}`;
    }
  }
  return path;
}

/** Path of diagonal lines through the marked cells. */
function hatch(marked, columns) {
  let path = "";
  marked?.forEach((is, index) => {
    if (!is) return;
    const [x, y, third] = [(index % columns) * UNIT, Math.floor(index / columns) * UNIT, UNIT / 3];
    for (const step of [1, 2, 3]) path += `M${x} ${y + step * third}l${step * third} ${-step * third}`;
    for (const step of [1, 2]) {
      path += `M${x + step * third} ${y + UNIT}l${UNIT - step * third} ${step * third - UNIT}`;
    }
  });
  return path;
}

function imagePanel() {
  const canvas = element("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const overlay = shape("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
  const frame = element("div", { class: "image" }, canvas, overlay);
  const panel = {
    element: frame,
    surface: frame,
    update({ title, values, boxes }, width, widest) {
      const [channels, height, across] = values.shape;
      nameDrawing(canvas, title);
      paint(canvas, context, height, across, (bytes) => {
        const { data } = values;
        const [area, green, blue] = [height * across, channels === 3 ? 1 : 0, channels === 3 ? 2 : 0];
        for (let index = 0; index < area; index += 1) {
          bytes[4 * index] = 255 * data[index]; // a Uint8ClampedArray rounds and clips
          bytes[4 * index + 1] = 255 * data[green * area + index];
          bytes[4 * index + 2] = 255 * data[blue * area + index];
          bytes[4 * index + 3] = 255;
        }
      });
      write(overlay, "viewBox", `0 0 ${across} ${height}`);
      const drawings = ensure(overlay, 2 * (boxes?.length ?? 0), () => shape("rect"));
      boxes?.forEach((box, index) => {
        ["casing", "outline"].forEach((kind, layer) => {
          const rect = drawings[2 * index + layer];
          write(rect, "class", `${kind} box ${box.role}`);
          write(rect, "x", box.column);
          write(rect, "y", box.row);
          write(rect, "width", Math.max(0, box.width));
          write(rect, "height", Math.max(0, box.height));
        });
      });
      const limit = across * Math.max(1, Math.ceil(280 / widest));
      const share = across / widest;
      // Pixels are to be seen as squares; a picture that is made smaller is better smoothed.
      canvas.classList.toggle(`${NAME}__smooth`, width > 0 && Math.min(width, limit) < across);
      frame.style.maxWidth = `${limit}px`;
      panel.size = { basis: Math.max(60, 130 * share), grow: 12 * share, limit: Math.max(60, limit) };
    },
    locate(event) {
      const area = canvas.getBoundingClientRect();
      const x = ((event.clientX - area.left) / area.width) * canvas.width;
      const y = ((event.clientY - area.top) / area.height) * canvas.height;
      return pixel(x, y, canvas.height, canvas.width);
    },
  };
  return panel;
}

/** Writes an image of the given size into the canvas; `fill` writes its bytes (red, green, blue, alpha). */
function paint(canvas, context, height, width, fill) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  if (height === 0 || width === 0) return;
  const image = context.createImageData(width, height);
  fill(image.data);
  context.putImageData(image, 0, 0);
}

function barsPanel() {
  const list = element("ul", { class: "bars" });
  const panel = {
    element: list,
    size: { basis: 240, grow: 12, limit: 760 },
    update({ rows }) {
      const largest = rows.reduce((most, row) => Math.max(most, row.value ?? 0), 0);
      const items = ensure(list, rows.length, () => {
        const bar = shape("svg", { class: "bar", "aria-hidden": "true" }, shape("rect", { height: "100%" }));
        const parts = ["bar-label", "bar-text", "bar-notes"].map((name) => element("span", { class: name }));
        return element("li", {}, parts[0], bar, parts[1], parts[2]);
      });
      rows.forEach((row, index) => {
        const [label, bar, text, notes] = items[index].children;
        write(items[index], "class", row.highlight ? "bar-row bar-highlighted" : "bar-row");
        writeText(label, row.label);
        write(bar.firstChild, "width", `${largest > 0 ? (100 * Math.max(0, row.value ?? 0)) / largest : 0}%`);
        writeText(text, row.text ?? "");
        const lines = row.notes ?? [];
        ensure(notes, lines.length, () => element("span"));
        lines.forEach((line, at) => writeText(notes.children[at], line));
      });
    },
  };
  return panel;
}

function tablePanel() {
  const [head, body] = [element("tr"), element("tbody")];
  const table = element("table", {}, element("thead", {}, head), body);
  const figures = /^[+−-]?[\d.,]+(e[+−-]?\d+)?\s?[%×x]?$/;
  const panel = {
    element: table,
    size: { basis: 240, grow: 12, limit: 760 },
    update({ title, columns, rows }) {
      write(table, "aria-label", title || null);
      ensure(head, columns.length, () => element("th", { scope: "col" }));
      const numeric = columns.map((_, at) => rows.length > 0 && rows.every((row) => figures.test(row[at])));
      columns.forEach((text, at) => {
        writeText(head.children[at], text);
        write(head.children[at], "class", numeric[at] ? "figure" : null);
      });
      ensure(body, rows.length, () => element("tr"));
      rows.forEach((row, index) => {
        const cells = ensure(body.children[index], row.length, () => element("td"));
        row.forEach((text, at) => {
          writeText(cells[at], text);
          write(cells[at], "class", numeric[at] ? "figure" : null);
        });
      });
    },
  };
  return panel;
}

function textPanel() {
  const block = element("div", { class: "text" });
  return {
    element: block,
    size: { basis: 180, grow: 3, limit: 760 },
    update({ lines }) {
      ensure(block, lines.length, () => element("p", {}, element("span"), element("span")));
      lines.forEach((line, index) => {
        const [swatch, words] = block.children[index].children;
        write(block.children[index], "class", line.strong ? "strong" : null);
        write(swatch, "class", line.swatch ? `swatch ${line.swatch}` : null);
        writeText(words, line.text);
      });
    },
  };
}

// ------------------------------------------------------------------------------------------------- plots

const SERIES = 5;

function plotPanel() {
  const legend = element("ul", { class: "legend" });
  const behind = element("div", { class: "behind" });
  const [grid, axes] = [shape("path", { class: "gridlines" }), shape("path", { class: "axes" })];
  const ticks = shape("g", { class: "ticks" });
  const inner = shape("svg");
  const handle = shape("g", { class: "handle" }, shape("path"), shape("circle", { r: 8 }));
  const svg = shape("svg", { class: "plot-drawing" }, grid, axes, ticks, inner, handle);
  const frame = element("div", { class: "plot-frame" }, behind, svg);
  const box = element("div", { class: "plot" }, legend, frame);
  let x, y, left, held = {};
  const top = 10;
  const BLEED = 6; // points on the border of the plot are drawn whole

  function showHandle() {
    const is = held.x !== undefined || held.y !== undefined;
    handle.style.display = is ? "" : "none";
    if (!is || !x) return;
    const across = held.x === undefined ? x.length / 2 : x.to(held.x);
    const down = held.y === undefined ? y.length : y.to(held.y);
    write(handle, "transform", `translate(${(left + across).toFixed(1)} ${(top + down).toFixed(1)})`);
    // With one coordinate only the handle slides along a line.
    const guide = held.y === undefined ? `M0 0V${-y.length}` : `M${-x.length / 2} 0H${x.length / 2}`;
    write(handle.firstChild, "d", held.x !== undefined && held.y !== undefined ? "" : guide);
  }

  const panel = {
    element: box,
    surface: svg,
    size: { basis: 250, grow: 14, limit: 620 },
    update({ title, x: across, y: up, aspect, marks }, given) {
      const width = Math.max(200, given || 480);
      nameDrawing(svg, title);
      const parts = marks.map((mark) => ({ ...mark, ...columnsOf(mark) }));
      const [xs, ys] = [limitsOf(across, parts, 0), limitsOf(up, parts, 1)];
      const below = across.label ? 42 : 24;

      // The left margin depends on the labels of the ticks, these on the height, the height on the width.
      let length = clip(0.6 * width, 190, 340);
      const span = (limits) => Math.max(limits[1] - limits[0], 1e-12);
      const side = up.label ? 20 : 4;
      let plotWidth = 0;
      for (let turn = 0; turn < 2; turn += 1) {
        y = makeScale(up, ys, length, true);
        left = side + 10 + Math.max(...y.ticks.map(({ text }) => text.length), 1) * 7;
        plotWidth = width - left - 14;
        if (aspect !== "equal") break;
        const scale = Math.min(plotWidth / span(xs), 380 / span(ys));
        [plotWidth, length] = [scale * span(xs), scale * span(ys)];
      }
      x = makeScale(across, xs, plotWidth, false);
      const height = top + length + below;

      write(svg, "viewBox", `0 0 ${width} ${height}`);
      write(inner, "viewBox", `${-BLEED} ${-BLEED} ${plotWidth + 2 * BLEED} ${length + 2 * BLEED}`);
      for (const [name, value] of [["x", left - BLEED], ["y", top - BLEED], ["width", plotWidth + 2 * BLEED],
        ["height", length + 2 * BLEED]]) write(inner, name, value);
      let lines = "";
      for (const tick of x.ticks) lines += `M${(left + tick.at).toFixed(1)} ${top}v${length}`;
      for (const tick of y.ticks) lines += `M${left} ${(top + tick.at).toFixed(1)}h${plotWidth}`;
      write(grid, "d", lines);
      write(axes, "d", `M${left} ${top}v${length}h${plotWidth}`);
      const labels = [
        ...x.ticks.map(({ at, text }) => [left + at, top + length + 17, text, "middle"]),
        ...y.ticks.map(({ at, text }) => [left - 7, top + at + 4, text, "end"]),
        [left + plotWidth / 2, height - 6, across.label, "middle"],
        [13, top + length / 2, up.label, "middle", true],
      ];
      ensure(ticks, labels.length, () => shape("text"));
      labels.forEach(([atX, atY, text, anchor, turned], index) => {
        const node = ticks.children[index];
        const [px, py] = [atX.toFixed(1), atY.toFixed(1)];
        write(node, "transform", `translate(${px} ${py})${turned ? " rotate(-90)" : ""}`);
        write(node, "text-anchor", anchor);
        writeText(node, text);
      });

      const drawn = parts.filter(({ mark }) => mark !== "heatmap");
      ensure(inner, drawn.length, () => shape("g", {}, shape("path"), shape("path"), shape("g")));
      drawn.forEach((part, index) => drawMark(inner.children[index], part, x, y));
      drawHeatmaps(behind, parts.filter(({ mark }) => mark === "heatmap"), x, y);
      for (const [name, value] of [["left", left], ["top", top], ["width", plotWidth], ["height", length]]) {
        behind.style[name] = `${value}px`;
      }
      drawLegend(legend, drawn.filter(({ label }) => label));
      panel.size.limit = aspect === "equal" ? 480 : 620;
      showHandle();
    },
    locate(event) {
      const area = svg.getBoundingClientRect();
      const scale = svg.viewBox.baseVal.width / area.width;
      return {
        x: x.from((event.clientX - area.left) * scale - left),
        y: y.from((event.clientY - area.top) * scale - top),
      };
    },
    /** Shows where the sliders x and y of this plot stand. */
    hold(values) {
      held = values;
      showHandle();
    },
  };
  return panel;
}

/** The columns of numbers of a mark as arrays. */
function columnsOf(mark) {
  const names = ["x", "y", "dx", "dy"].filter((name) => mark[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, numbers(mark[name])]));
}

/** The limits of an axis: as given, or around all marks. `which` is 0 for x and 1 for y. */
function limitsOf(axis, marks, which) {
  if (axis.limits) return axis.limits;
  const all = [];
  let border = 0.04;
  for (const mark of marks) {
    const values = which ? mark.y : mark.x;
    const shift = which ? mark.dy : mark.dx;
    if (mark.mark === "heatmap") {
      all.push(...mark.extent.slice(2 * which, 2 * which + 2));
      border = 0;
      continue;
    }
    for (let index = 0; index < values.length; index += 1) {
      const half = mark.mark === "bars" && !which ? mark.width / 2 : 0;
      all.push(values[index] - half, values[index] + half);
      if (shift) all.push(values[index] + shift[index]);
    }
    if (mark.mark === "bars" && which) all.push(0);
  }
  if (axis.scale === "log") {
    const [low, high] = extent(all.filter((value) => value > 0).map(Math.log10));
    const room = low === high ? 0.5 : border * (high - low);
    return [10 ** (low - room), 10 ** (high + room)];
  }
  const [low, high] = extent(all);
  const room = low === high ? Math.abs(low) / 2 || 0.5 : border * (high - low);
  // Bars stand on the axis.
  const standing = which && low === 0 && marks.some(({ mark }) => mark === "bars");
  return [standing ? 0 : low - room, high + room];
}

/** A scale from data to pixels: `to`, `from`, `length`, and `ticks` = [{at, text}]. */
function makeScale(axis, limits, length, upwards) {
  const log = axis.scale === "log";
  const bend = log ? Math.log10 : (value) => value;
  const unbend = log ? (value) => 10 ** value : (value) => value;
  const [low, high] = limits.map(bend);
  const span = high - low || 1;
  const flip = (part) => (upwards ? 1 - part : part);
  const to = (value) => length * flip((bend(value) - low) / span);
  const from = (at) => unbend(low + span * flip(at / length));
  const most = Math.max(2, Math.floor(length / (upwards ? 42 : 58)));
  const inside = (value) => bend(value) >= low - 1e-9 * span && bend(value) <= low + span * (1 + 1e-9);
  let found;
  if (axis.ticks) found = axis.ticks.map((value) => [value, thousands(significant(value, 4))]);
  else found = (log ? logTicks : linearTicks)(low, high, most);
  const ticks = found.filter(([value]) => inside(value))
    .map(([value, text]) => ({ at: to(value), text: text.replaceAll("-", "−") }));
  return { to, from, length, ticks };
}

/** Ticks at 1, 2 or 5 times a power of ten: at most about `most`. */
function linearTicks(low, high, most) {
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const large = Math.max(Math.abs(low), Math.abs(high));
  const ticks = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + 1e-9 * step; index += 1) {
    const value = index * step;
    const plain = large < 1e7 && places < 6;
    ticks.push([value, plain ? thousands((value + 0).toFixed(places)) : significant(value, 3)]);
    if (ticks.length > 50) break;
  }
  return ticks;
}

/** Ticks at powers of ten, or also at 2 and 5 times them where there are few; limits are exponents. */
function logTicks(low, high, most) {
  const [first, last] = [Math.floor(low), Math.ceil(high)];
  const every = Math.max(1, Math.ceil((high - low) / most));
  const factors = (high - low) * 3 <= most ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = Math.ceil(first / every) * every; power <= last; power += every) {
    for (const factor of factors) {
      const value = factor * 10 ** power;
      const raised = String(power).replace(/./g, (letter) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(letter)]);
      const short = `${factor === 1 ? "" : `${factor}·`}10${raised}`;
      ticks.push([value, Math.abs(power) <= 4 ? thousands(significant(value, 1)) : short]);
    }
  }
  return ticks;
}

/** The paths and texts of one mark. */
function drawMark(group, part, x, y) {
  const [stroke, fill, texts] = group.children;
  const series = (part.series ?? 0) % SERIES;
  write(group, "class", `mark ${part.mark} series-${series}${part.dashed ? " dashed" : ""}`);
  // Far outside the plot is far enough: huge numbers would confuse the drawing.
  const px = (value) => clip(x.to(value), -1e5, 1e5);
  const py = (value) => clip(y.to(value), -1e5, 1e5);
  const round = (value) => Math.round(10 * value) / 10;
  let [line, area, words] = ["", "", []];
  let pen = "M";
  for (let index = 0; index < part.x.length; index += 1) {
    const [across, down] = [round(px(part.x[index])), round(py(part.y[index]))];
    if (!Number.isFinite(across + down) || !Number.isFinite(part.x[index] + part.y[index])) {
      pen = "M";
      continue;
    }
    if (part.mark === "line") line += `${pen}${across} ${down}`;
    pen = "L";
    if (part.mark === "points") area += marker(series, across, down, 4);
    if (part.mark === "bars") {
      const [from, to] = [px(part.x[index] - part.width / 2), px(part.x[index] + part.width / 2)].map(round);
      const foot = Number.isFinite(y.to(0)) ? round(py(0)) : round(y.length);
      area += `M${from} ${foot}V${down}H${to}V${foot}Z`;
    }
    if (part.mark === "arrows") {
      const [toX, toY] = [px(part.x[index] + part.dx[index]), py(part.y[index] + part.dy[index])];
      const size = Math.hypot(toX - across, toY - down);
      if (!(size > 0.5)) continue;
      const head = Math.min(9, size / 1.5);
      const [ux, uy] = [((toX - across) / size) * head, ((toY - down) / size) * head];
      line += `M${across} ${down}L${round(toX - 0.7 * ux)} ${round(toY - 0.7 * uy)}`;
      area += `M${round(toX)} ${round(toY)}L${round(toX - ux - 0.4 * uy)} ${round(toY - uy + 0.4 * ux)}`;
      area += `L${round(toX - ux + 0.4 * uy)} ${round(toY - uy - 0.4 * ux)}Z`;
    }
    if (part.mark === "text") words.push([across, down, part.texts[index]]);
  }
  write(stroke, "d", line);
  write(fill, "d", area);
  ensure(texts, words.length, () => shape("text", { dy: "0.35em" }));
  words.forEach(([across, down, text], index) => {
    write(texts.children[index], "x", across);
    write(texts.children[index], "y", down);
    writeText(texts.children[index], text);
  });
}

/** Path of a marker; series differ by shape, not by colour alone. */
function marker(series, x, y, r) {
  const polygon = (...points) =>
    `M${points.map(([a, b]) => `${(x + a * r).toFixed(1)} ${(y + b * r).toFixed(1)}`).join("L")}Z`;
  switch (series) {
    case 1: return polygon([-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]);
    case 2: return polygon([0, -1.2], [1.1, 0.8], [-1.1, 0.8]);
    case 3: return polygon([0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]);
    case 4: return polygon([0, 1.2], [1.1, -0.8], [-1.1, -0.8]);
    default: return `M${(x - r).toFixed(1)} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  }
}

function drawHeatmaps(behind, maps, x, y) {
  ensure(behind, maps.length, () => element("canvas", { "aria-hidden": "true" }));
  maps.forEach(({ values, extent: [x0, x1, y0, y1], colours, limits }, index) => {
    const canvas = behind.children[index];
    const [rows, columns] = values.shape;
    const colour = colouring(colours, limits, values.data);
    const ends = [x.to(x0), x.to(x1), y.to(y0), y.to(y1)];
    const [mirrored, flipped] = [ends[0] > ends[1], ends[2] > ends[3]];
    paint(canvas, canvas.getContext("2d", { willReadFrequently: true }), rows, columns, (bytes) => {
      for (let at = 0; at < rows * columns; at += 1) {
        const [row, column] = [Math.floor(at / columns), at % columns];
        const from = (flipped ? rows - 1 - row : row) * columns + (mirrored ? columns - 1 - column : column);
        const found = colour(values.data[from]);
        if (found) bytes.set([found[0], found[1], found[2], 255], 4 * at);
      }
    });
    canvas.style.left = `${Math.min(ends[0], ends[1])}px`;
    canvas.style.top = `${Math.min(ends[2], ends[3])}px`;
    canvas.style.width = `${Math.abs(ends[1] - ends[0])}px`;
    canvas.style.height = `${Math.abs(ends[3] - ends[2])}px`;
  });
}

function drawLegend(legend, marks) {
  legend.hidden = marks.length === 0;
  const items = ensure(legend, marks.length, () => {
    const key = shape("g", {}, shape("path"), shape("path"));
    const drawing = shape("svg", { viewBox: "0 0 28 14", "aria-hidden": "true" }, key);
    return element("li", {}, drawing, element("span"));
  });
  marks.forEach(({ mark, series = 0, dashed, label }, index) => {
    const [drawing, words] = items[index].children;
    const [stroke, fill] = drawing.firstChild.children;
    write(drawing.firstChild, "class", `mark ${mark} series-${series % SERIES}${dashed ? " dashed" : ""}`);
    write(stroke, "d", mark === "line" ? "M1 7H27" : mark === "arrows" ? "M1 7H20" : "");
    const areas = { bars: "M8 1H20V13H8Z", arrows: "M27 7L18 3V11Z" };
    write(fill, "d", mark === "points" ? marker(series % SERIES, 14, 7, 4) : areas[mark] ?? "");
    writeText(words, label);
  });
}

const PANELS = {
  cells: cellsPanel, image: imagePanel, plot: plotPanel, bars: barsPanel, table: tablePanel, text: textPanel,
};

/**
 * Draws scenes into `group`; panels whose kind stays are updated in place.
 * A panel with the name of a matrix is left out: the control shows the same cells.
 */
function makeStage(group, matrices, onPanel) {
  let [panels, key] = [new Map(), ""];
  const observer = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const held = [...panels.values()].find(({ body }) => body === target);
      if (held && Math.abs(contentRect.width - held.width) > 0.5) {
        held.width = contentRect.width;
        drawPanel(held);
      }
    }
  });

  function drawPanel(held) {
    held.panel.update(held.data, held.width, held.widest);
    const { basis, grow, limit } = held.panel.size;
    const [least, most] = [atLeast(basis), atLeast(limit)];
    write(held.box, "style", `flex: ${grow} 1 min(100%, ${least}); max-width: min(100%, ${most})`);
  }

  function rebuild(scene) {
    observer.disconnect();
    panels = new Map();
    const makePanel = (name) => {
      const panel = PANELS[scene.panels[name].kind]();
      const [title, body] = [element("p", { class: "panel-title" }), element("div", {}, panel.element)];
      const box = element("div", { class: "panel", "data-panel": name }, title, body);
      panels.set(name, { panel, title, body, box, width: 0 });
      onPanel(name, panel, box);
      return box;
    };
    const shown = scene.layout.map((names) => names.filter((name) => !matrices.has(name)));
    group.replaceChildren(...shown.map((names) => element("div", { class: "row" }, ...names.map(makePanel))));
  }

  function widestImage(scene, names) {
    const images = names.map((name) => scene.panels[name]).filter(({ kind }) => kind === "image");
    return Math.max(1, ...images.map(({ values }) => values.shape[2]));
  }

  return {
    panels,
    draw(scene) {
      const kinds = scene.layout.flat().map((name) => scene.panels[name].kind);
      const found = JSON.stringify([scene.layout, kinds]);
      const fresh = found !== key;
      if (fresh) rebuild(scene);
      key = found;
      for (const [name, held] of panels) {
        held.data = scene.panels[name];
        held.widest = widestImage(scene, scene.layout.find((names) => names.includes(name)));
        writeText(held.title, held.data.title);
        held.title.hidden = !held.data.title;
        drawPanel(held);
        if (fresh) observer.observe(held.body);
      }
    },
    panel: (name) => panels.get(name)?.panel,
    stop: () => observer.disconnect(),
  };
}

// ---------------------------------------------------------------------------------------------- controls
// A control has `element` and `show(value, limits)`; it calls `change(value)` when the reader sets a value.

function sliderControl({ label, minimum, maximum, step, on }, id, change) {
  const input = element("input", { type: "range", id, min: minimum, max: maximum, step });
  // The slider announces its own value: the number beside it is for the eye.
  const output = element("output", { for: id, "aria-live": "off" });
  input.addEventListener("input", () => change(toStep(Number(input.value), minimum, step)));
  return {
    element: element("div", { class: "control slider" },
      element("div", { class: "label-line" }, element("label", { for: id }, label), output), input),
    show(value, limits) {
      const [low, high] = limits ?? [minimum, maximum];
      write(input, "min", low);
      write(input, "max", high);
      if (Number(input.value) !== value) input.value = value;
      const places = (String(step).split(".")[1] ?? "").length;
      writeText(output, numberText(value, places ? `.${places}f` : ""));
      write(input, "aria-valuetext", on.endsWith(".cell") ? `${value} of ${high}` : null);
    },
  };
}

function choiceControl({ label, options }, id, change) {
  const select = element("select", { id });
  options.forEach((option) => select.append(element("option", {}, String(option))));
  select.addEventListener("change", () => change(options[select.selectedIndex]));
  return {
    element: element("div", { class: "control" }, element("label", { for: id }, label), select),
    show(value) {
      select.selectedIndex = options.indexOf(value);
    },
  };
}

function checkboxControl({ label }, id, change) {
  const input = element("input", { type: "checkbox", id });
  input.addEventListener("change", () => change(input.checked));
  return {
    element: element("div", { class: "control checkbox" },
      element("label", {}, input, element("span", {}, label))),
    show(value) {
      input.checked = value;
    },
  };
}

function matrixControl({ label, limit }, id, change) {
  const grid = element("div", { class: "matrix" });
  const message = element("p", { class: "message", id: `${id}-message`, "aria-live": "polite" });
  const decimal = { type: "number", step: "any", inputmode: "decimal", autocomplete: "off" };
  const brush = element("input", { ...decimal, value: 1, id: `${id}-brush` });
  const presets = [-1, 0, 1].map((entry) => {
    const button = element("button", { type: "button" }, numberText(entry));
    button.addEventListener("click", () => {
      brush.value = entry;
      complain(brush, false);
    });
    return button;
  });
  const brushes = element("div", { class: "brushes" },
    element("label", { for: `${id}-brush` }, "Brush"), brush, ...presets);
  const paintButton = element("button", { type: "button", "aria-pressed": "false" }, "Paint");
  let [value, inputs, painting, pressed] = [[], [], false, false];
  brushes.hidden = true;

  const fits = (number) => Number.isFinite(number) && Math.abs(number) <= limit;
  const brief = (number) => String(Number(significant(number, 3)));
  const parse = (input) => (input.value === "" ? NaN : Number(input.value));

  function complain(input, is) {
    write(input, "aria-invalid", is ? "true" : null);
    const wrong = [brush, ...inputs.flat()].find((each) => each.getAttribute("aria-invalid"));
    const name = wrong && (wrong === brush ? "Brush" : wrong.getAttribute("aria-label"));
    writeText(message, wrong ? `${name}: type a number from ${numberText(-limit)} to ${limit}.` : "");
  }

  /** Sends the matrix with one entry changed; the others keep all their digits. */
  function enter(row, column, number) {
    if (value[row][column] === number) return;
    change(value.map((line, r) => line.map((entry, c) => (r === row && c === column ? number : entry))));
  }

  function makeInput(row, column) {
    const name = `${label}, row ${row + 1}, column ${column + 1}`;
    const input = element("input", { ...decimal, "aria-label": name, "aria-describedby": message.id });
    input.addEventListener("input", () => {
      const number = parse(input);
      // An empty field or a lone minus sign begins a number: no complaint before the field is left.
      complain(input, !Number.isNaN(number) && !fits(number));
      if (fits(number)) enter(row, column, number);
    });
    input.addEventListener("blur", () => complain(input, !fits(parse(input))));
    return input;
  }

  function stroke(event) {
    const number = parse(brush);
    if (!fits(number)) return;
    for (const point of [...(event.getCoalescedEvents?.() ?? []), event]) {
      const under = grid.getRootNode().elementFromPoint(point.clientX, point.clientY);
      inputs.forEach((line, row) => {
        const column = line.indexOf(under);
        if (column < 0) return;
        under.value = brief(number);
        complain(under, false);
        enter(row, column, number);
      });
    }
  }

  grid.addEventListener("mousedown", (event) => painting && event.preventDefault()); // paint, do not edit
  grid.addEventListener("pointerdown", (event) => {
    if (!painting || event.button !== 0 || grid.closest(":disabled")) return;
    pressed = true;
    grid.setPointerCapture(event.pointerId);
    stroke(event);
  });
  grid.addEventListener("pointermove", (event) => pressed && stroke(event));
  for (const name of ["pointerup", "pointercancel"]) grid.addEventListener(name, () => { pressed = false; });
  paintButton.addEventListener("click", () => {
    painting = !painting;
    write(paintButton, "aria-pressed", String(painting));
    write(grid, "class", painting ? "matrix painting" : "matrix");
    brushes.hidden = !painting;
  });
  brush.addEventListener("input", () => complain(brush, !fits(parse(brush))));

  return {
    element: element("fieldset", { class: "control" }, element("legend", {}, label), grid,
      element("div", { class: "paint" }, paintButton, brushes), message),
    show(next) {
      if (next.length !== inputs.length || next[0]?.length !== inputs[0]?.length) {
        inputs = next.map((line, row) => line.map((_, column) => makeInput(row, column)));
        grid.style.setProperty("--columns", next[0]?.length ?? 1);
        grid.replaceChildren(...inputs.flat());
      }
      value = next;
      const colour = colouring("diverging", null, value.flat());
      inputs.forEach((line, row) => line.forEach((input, column) => {
        const number = value[row][column];
        const typing = input === input.getRootNode().activeElement;
        const same = parse(input) === number || input.value === brief(number);
        if (!same && !(typing && !fits(parse(input)))) {
          input.value = brief(number);
          if (input.hasAttribute("aria-invalid")) complain(input, false);
        }
        const [red, green, blue, text] = colour(number) ?? [255, 255, 255, "black"];
        input.style.backgroundColor = `rgb(${red} ${green} ${blue})`;
        input.style.color = text;
      }));
    },
  };
}

const OWN = "your picture";

function pictureControl({ label, options, height, width }, id, change) {
  const select = element("select", { id });
  options.forEach((option) => select.append(element("option", {}, String(option))));
  const file = element("input", { type: "file", accept: "image/*" });
  const message = element("p", { class: "message", role: "status" });
  let own = null;
  select.addEventListener("change", () => {
    writeText(message, "");
    change(options[select.selectedIndex] ?? own);
  });

  async function take(chosen) {
    writeText(message, "");
    if (!chosen) {
      writeText(message, "Drop a picture file here.");
      return;
    }
    try {
      const pixels = await shrink(chosen, height, width);
      change(pixels);
    } catch {
      writeText(message, `“${chosen.name}” is not a picture that this browser can read.`);
    }
  }

  file.addEventListener("change", () => {
    if (file.files.length) take(file.files[0]);
    file.value = ""; // so that the same file can be chosen again
  });
  const button = element("label", { class: "file" }, file, element("span", {}, "or choose a picture…"));
  return {
    element: element("div", { class: "control" }, element("label", { for: id }, label),
      element("div", { class: "picture" }, select, button), message),
    take,
    show(value) {
      if (typeof value === "object") {
        own = value;
        if (select.options.length === options.length) select.append(element("option", {}, OWN));
        select.selectedIndex = options.length;
      } else select.selectedIndex = options.indexOf(value);
    },
  };
}

/** The picture of a file, not larger than given, as a control's value. */
async function shrink(file, height, width) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, height / picture.height, width / picture.width);
  const canvas = element("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white"; // what shows through a transparent picture
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let letters = "";
  for (let at = 0; at < data.length; at += 4) {
    letters += String.fromCharCode(data[at], data[at + 1], data[at + 2]);
  }
  return { height: canvas.height, width: canvas.width, pixels: btoa(letters) };
}

const CONTROLS = {
  slider: sliderControl, choice: choiceControl, checkbox: checkboxControl, matrix: matrixControl,
  picture: pictureControl,
};

// ----------------------------------------------------------------------------------------------- pointer

/**
 * Lets the pointer over a panel set sliders: a shortcut for what these inputs do by keyboard.
 * `sliders` = {cell | row | column | x | y: declaration of a slider}; `set` takes {quantity: place}.
 */
function followPointer(panel, sliders, set) {
  const { surface, locate } = panel;
  const drags = "x" in sliders || "y" in sliders;
  write(surface, "data-pointer", drags ? ("y" in sliders ? "drag" : "drag-x") : "hover");
  let [pressed, last] = [null, ""];

  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pressed = event.clientX;
    if (!drags) return;
    surface.setPointerCapture(event.pointerId);
    set(locate(event));
  });
  surface.addEventListener("pointermove", (event) => {
    // Browsers also report a pointer that rests while the page moves: that is not the reader's doing.
    const here = `${event.clientX} ${event.clientY}`;
    if (here === last) return;
    last = here;
    // A finger may begin a swipe that scrolls: only its move to the side is meant for the panel.
    const aside = pressed !== null && Math.abs(event.clientX - pressed) > 8;
    if (drags ? pressed !== null : aside || event.pointerType !== "touch") set(locate(event));
  });
  surface.addEventListener("pointerup", (event) => {
    if (pressed !== null && !drags) set(locate(event));
    pressed = null;
  });
  surface.addEventListener("pointercancel", () => { pressed = null; }); // the page scrolls instead
}

// ------------------------------------------------------------------------------------------ conversation

/**
 * Requests and replies. At most one request is under way; of the values set meanwhile the newest of each
 * control waits. `events`: shown() when values changed, drawn(reply), busy(bool), failed(sentence).
 */
function converse(model, events) {
  let reply = model.get("reply");
  let sent = null; // {id, values, changed, waiters}
  let waiting = []; // of {values, changed, waiters}
  let idle = [];
  let timer;

  const failure = () => model.get("failure") || "";

  function parameters() {
    return Object.assign({}, reply.parameters, sent?.values, ...waiting.map(({ values }) => values));
  }

  function add(entry) {
    const same = waiting.find(({ changed, values }) =>
      changed === entry.changed && String(Object.keys(values)) === String(Object.keys(entry.values)));
    if (same) Object.assign(same, { values: entry.values, waiters: [...same.waiters, ...entry.waiters] });
    else waiting.push(entry);
    events.shown();
    send();
  }

  function send() {
    if (sent || waiting.length === 0) return;
    sent = waiting.shift();
    sent.id = Math.max(model.get("reply").id, model.get("request")?.id ?? 0) + 1;
    const previous = { ...reply.parameters };
    const after = { ...previous, ...sent.values };
    const request = { id: sent.id, parameters: after, changed: sent.changed, previous };
    timer = setTimeout(() => events.busy(true), 300);
    model.set("request", request);
    model.save_changes();
  }

  function rest() {
    clearTimeout(timer);
    if (sent || waiting.length) return;
    events.busy(false);
    idle.forEach((resolve) => resolve());
    idle = [];
  }

  function receive() {
    const found = model.get("reply");
    if (sent && found.id < sent.id) return; // an answer to somebody else, ours is still to come
    const entry = sent;
    [sent, reply] = [null, found];
    clearTimeout(timer);
    events.drawn(reply);
    for (const { resolve, reject } of entry?.waiters ?? []) {
      if (reply.error) reject(new Error(reply.error));
      else resolve();
    }
    send();
    rest();
  }

  function fail() {
    if (failure()) {
      const entries = [sent, ...waiting].filter(Boolean);
      [sent, waiting] = [null, []];
      entries.flatMap(({ waiters }) => waiters).forEach(({ reject }) => reject(new Error(failure())));
      rest();
    }
    events.failed(failure());
  }

  model.on("change:reply", receive);
  model.on("change:failure", fail);
  return {
    parameters,
    failure,
    /** Changes some values; `changed` names the one control that the reader used, or is null. */
    change(values, changed) {
      if (!failure()) add({ values, changed, waiters: [] });
    },
    /** Sets many values at once; resolves when their scene is drawn. */
    set(values) {
      return new Promise((resolve, reject) => {
        if (failure()) return reject(new Error(failure()));
        const waiters = [...waiting.flatMap((entry) => entry.waiters), { resolve, reject }];
        const all = { ...parameters(), ...values };
        waiting = [];
        return add({ values: all, changed: null, waiters });
      });
    },
    settled: () => new Promise((resolve) => (sent || waiting.length ? idle.push(resolve) : resolve())),
    stop() {
      clearTimeout(timer);
      model.off("change:reply", receive);
      model.off("change:failure", fail);
    },
  };
}

// ------------------------------------------------------------------------------------------------ render

/**
 * Draws a widget into an element and keeps it alive.
 *
 * @param {{model: object, el: HTMLElement}} home `model` has anywidget's get, set, on, off and save_changes,
 *   and holds "declaration", "request", "reply" and "failure".
 * @returns {function(): void} removes the view and its listeners
 */
function render({ model, el }) {
  const { title, controls: declared, starts } = model.get("declaration");
  const prefix = `dlcore-${Math.random().toString(36).slice(2, 9)}`;
  const group = element("div", { class: "panels", role: "group" });
  const message = element("p", { class: "message", role: "status" });
  const announcement = element("p", { class: "announcement", "aria-live": "polite" });
  const reset = element("button", { type: "button" }, "Reset");
  const inputs = element("fieldset", { class: "controls", "aria-label": "Controls" });
  // Notebooks have shortcuts of one letter: in here the keys belong to the inputs.
  const root = element("div", { role: "group", "aria-label": title, "data-lm-suppress-shortcuts": "true" },
    element("p", { class: "title", "aria-hidden": "true" }, title), inputs, group, message, announcement);
  root.className = NAME;
  let [scene, announcing, first] = [null, 0, true];

  const matrices = new Set(declared.filter(({ type }) => type === "matrix").map(({ name }) => name));
  const stage = makeStage(group, matrices, (name, panel, box) => {
    const linked = declared.filter(({ type, on }) => type === "slider" && on?.startsWith(`${name}.`));
    const sliders = Object.fromEntries(linked.map((slider) => [slider.on.slice(name.length + 1), slider]));
    if (linked.length && panel.locate) followPointer(panel, sliders, (place) => setPlace(sliders, place));
    const picture = declared.find(({ type, on }) => type === "picture" && on === name);
    if (picture) acceptDrops(box, (file) => made.get(picture.name).take(file));
  });

  function setPlace(sliders, place) {
    const values = {};
    for (const [quantity, { name, minimum, maximum, step }] of Object.entries(sliders)) {
      const [low, high] = scene.limits?.[name] ?? [minimum, maximum];
      const continuous = quantity === "x" || quantity === "y";
      const given = continuous ? clip(place[quantity], low, high) : minimum + place[quantity];
      values[name] = clip(toStep(given, minimum, step), low, high);
    }
    const now = talk.parameters();
    const names = Object.keys(values);
    if (names.every((name) => now[name] === values[name])) return;
    talk.change(values, names.length === 1 ? names[0] : null);
  }

  function acceptDrops(box, take) {
    box.addEventListener("dragover", (event) => {
      event.preventDefault();
      box.classList.add(`${NAME}__drop`);
    });
    box.addEventListener("dragleave", () => box.classList.remove(`${NAME}__drop`));
    box.addEventListener("drop", (event) => {
      event.preventDefault();
      box.classList.remove(`${NAME}__drop`);
      if (!talk.failure()) take(event.dataTransfer.files[0]);
    });
  }

  function showValues() {
    const values = talk.parameters();
    for (const [name, control] of made) control.show(values[name], scene?.limits?.[name]);
    const held = {};
    for (const { name, type, on } of declared) {
      const [, panel, quantity] = (type === "slider" && /^(.*)\.([xy])$/.exec(on)) || [];
      if (quantity) (held[panel] ??= {})[quantity] = values[name];
    }
    for (const [name, place] of Object.entries(held)) stage.panel(name)?.hold?.(place);
  }

  function drawReply(reply) {
    if (reply.scene) {
      scene = decode(reply.scene);
      stage.draw(scene);
      write(group, "aria-label", scene.description);
    }
    writeText(message, reply.error ?? "");
    showValues();
    if (!first) {
      clearTimeout(announcing);
      announcing = setTimeout(() => writeText(announcement, scene.description), 1000);
    }
    first = false;
    root.dispatchEvent(new CustomEvent("dlcore:drawn", { bubbles: true, detail: { id: reply.id } }));
  }

  const talk = converse(model, {
    shown: showValues,
    drawn: drawReply,
    busy: (is) => write(group, "aria-busy", is ? "true" : null),
    failed(sentence) {
      inputs.disabled = Boolean(sentence);
      write(root, "data-failed", Boolean(sentence));
      showValues();
    },
  });
  const made = new Map(declared.map((control, index) => {
    const change = (value) => talk.change({ [control.name]: value }, control.name);
    return [control.name, CONTROLS[control.type](control, `${prefix}-${index}`, change)];
  }));
  // Matrices are tall: they stand beside the other inputs, which share lines.
  const elements = (tall) => declared.filter(({ type }) => (type === "matrix") === tall)
    .map(({ name }) => made.get(name).element);
  inputs.append(element("div", { class: "lines" }, ...elements(false), reset), ...elements(true));
  const names = declared.map(({ name }) => name);
  const defaults = Object.fromEntries(declared.map((control) => [control.name, control.default]));
  for (const name of names) if (name in (starts ?? {})) defaults[name] = starts[name];
  reset.addEventListener("click", () => talk.set(defaults).catch(() => {})); // an error stands in the message
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  });

  Object.defineProperty(root, "dlcore", {
    value: {
      get parameters() { return talk.parameters(); },
      get scene() { return scene; },
      set: talk.set,
      settled: talk.settled,
    },
  });
  el.append(root);
  drawReply(model.get("reply"));
  inputs.disabled = Boolean(talk.failure());
  return () => {
    talk.stop();
    stage.stop();
    clearTimeout(announcing);
    root.remove();
  };
}

export default { render };
