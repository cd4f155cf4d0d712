/**
 * Live cells: code of the page that readers can change and run.
 *
 * Until somebody edits a cell its code is the page's own text. The editor, CodeMirror, is loaded then.
 */

import { statusLine } from "./status.js";

const HELP =
  "Tab indents. To leave the editor, press Escape and then Tab. " +
  "Control and Enter, or Shift and Enter, run the code.";

/**
 * Give every live cell of the page its buttons.
 *
 * @param {HTMLElement[]} elements - `div.cell.tag_live`
 * @param {import("./runtime.js").Runtime} runtime
 * @param {function(HTMLElement, object): Promise<function(): void>} mount - makes a widget live in a figure
 * @param {function(HTMLElement): ?object} workOn - the work on the exercise that a cell answers, which
 *   exercises.js knows
 */
export function bringToLife(elements, runtime, mount, workOn = () => null) {
  elements.forEach((element, index) => {
    if (!element.querySelector(".cell_input pre")) return;
    new LiveCell(element, index + 1, runtime, mount, workOn(element));
  });
}

class LiveCell {
  #element;
  #name;
  #runtime;
  #mount;
  #work;
  #published;
  #coloured;
  #written;
  #dropped = null;
  #publishedOutput;
  #code;
  #output = null;
  #editor = null;
  #isOpening = null;
  #hasRun = false;
  #run = null;
  #widgets = [];

  constructor(element, number, runtime, mount, work) {
    this.#element = element;
    this.#name = work?.id ? `Answer to ${work.id}` : `Live code ${number}`;
    this.#runtime = runtime;
    this.#mount = mount;
    this.#work = work;
    const input = element.querySelector(".cell_input");
    this.#code = input.firstElementChild;
    const pre = input.querySelector("pre");
    this.#published = this.#written = pre.textContent.replace(/\n$/, "");
    this.#coloured = [...pre.childNodes];
    this.#publishedOutput = element.querySelector(":scope > .cell_output");

    this.runButton = button("Run", () => this.run());
    this.stopButton = button("Stop", () => this.stop());
    this.editButton = button("Edit", () => this.#edit());
    this.resetButton = button("Reset", () => this.reset());
    this.undoButton = button("Undo reset", () => this.#undoReset());
    this.message = document.createElement("span");
    this.message.className = "dlcore-cell__message";
    this.message.setAttribute("role", "status");
    this.status = statusLine(runtime, { isCell: true });
    const toolbar = document.createElement("div");
    toolbar.className = "dlcore-cell__toolbar";
    toolbar.setAttribute("role", "group");
    toolbar.setAttribute("aria-label", this.#name);
    toolbar.append(this.runButton, this.stopButton, this.editButton, this.resetButton, this.undoButton);
    toolbar.append(this.message, this.status.element);
    input.after(toolbar);
    const earlier = work?.earlier ?? this.#published;
    if (earlier !== this.#published) {
      this.#put(earlier);
      this.#say("Your earlier answer is back.");
    }
    this.#show({ isRunning: false });

    this.#code.addEventListener("click", (event) => this.#editAt(event));
    runtime.addEventListener("change", () => this.#follow());
    runtime.addEventListener("restart", () => {
      if (!this.#hasRun || this.#run) return;
      this.#hasRun = false;
      this.#say("Python has started anew: run this cell again if another needs its names.");
    });
  }

  get code() {
    return this.#editor ? this.#editor.code : this.#written;
  }

  /** Put code in the place of what stands there. */
  #put(code) {
    if (code === this.code) return;
    if (this.#editor) {
      this.#editor.code = code;
    } else {
      this.#written = code;
      const nodes = code === this.#published ? this.#coloured : [code];
      this.#code.querySelector("pre").replaceChildren(...nodes);
    }
  }

  /** Run the code as it stands. */
  async run() {
    if (this.#run) return;
    const started = { texts: [], time: 0, isReset: false };
    this.#run = started;
    this.#clear();
    this.#editor?.mark(null);
    this.#show({ isRunning: true });
    this.#say("");
    this.#follow();
    this.status.attend(true);

    const tell = (what, message) => {
      if (what === "start") {
        started.time = performance.now();
        this.#say("Running.");
      } else {
        started.texts.push(message);
        this.#drawSoon(started);
      }
    };
    const result = await this.#runtime.run(this.#name, this.code, tell, this.#work?.setup);
    this.#run = null;
    this.#hasRun = !result.ended;
    this.status.attend(false);
    this.#show({ isRunning: false });
    if (started.isReset) return;
    if (result.ended) {
      if (started.texts.length > 0) this.#draw(started.texts);
      this.#say(result.ended);
      return;
    }
    this.#draw(started.texts, result.output, result.error);
    const seconds = ((performance.now() - started.time) / 1000).toFixed(1);
    if (result.error) {
      const { name, line } = result.error;
      this.#say(line ? `${name} in line ${line}.` : `${name}.`);
      if (line && (await this.#open())) this.#editor.mark(line);
    } else {
      this.#say(`Finished in ${seconds} s${this.#verdict}.`);
    }
  }

  /** What the checker said, where it did. */
  get #verdict() {
    if (this.#output.querySelector(".dlcore-answer--wrong")) return ": not yet";
    return this.#output.querySelector(".dlcore-answer--right") ? ": right" : "";
  }

  /** While another cell runs, say so. */
  #follow() {
    if (this.#run?.time === 0 && this.#runtime.isRunning) this.#say("Waiting for another cell.");
  }

  /** End this cell, or let it wait no longer. */
  stop() {
    this.#runtime.stop(this.#name);
    this.runButton.focus();
  }

  /** Bring back the code and the output that the page was published with. */
  reset() {
    if (this.#run) {
      this.#run.isReset = true;
      this.stop();
    }
    this.#clear();
    this.#output?.remove();
    this.#output = null;
    if (this.#publishedOutput) this.#publishedOutput.hidden = false;
    const dropped = this.code;
    this.#put(this.#published);
    this.#editor?.mark(null);
    if (this.#work && dropped !== this.#published) this.#dropped = dropped;
    this.#keep();
    this.#say("");
    this.#show({ isRunning: false });
    this.runButton.focus();
  }

  /** Bring back the answer that was reset: it may be the work of an evening. */
  #undoReset() {
    this.#put(this.#dropped);
    this.#dropped = null;
    this.#keep();
    this.#show({ isRunning: Boolean(this.#run) });
    this.runButton.focus();
  }

  /** Let the browser keep an answer for the next visit. */
  #keep() {
    const code = this.code === this.#published ? null : this.code;
    const warn = () => this.#say("This browser does not keep your code: copy it before you leave.");
    this.#work?.keep(code, warn);
  }

  async #edit(line, column) {
    if (await this.#open()) this.#editor.focus(line, column);
  }

  /** Open the editor where the reader pressed, unless the press selected text. */
  #editAt(event) {
    if (event.target.closest("button") || !getSelection().isCollapsed) return;
    const pre = this.#code.querySelector("pre");
    const place = document.caretPositionFromPoint?.(event.clientX, event.clientY);
    const before = document.createRange();
    before.selectNodeContents(pre);
    if (place && pre.contains(place.offsetNode)) before.setEnd(place.offsetNode, place.offset);
    const lines = before.toString().split("\n");
    this.#edit(lines.length, lines.at(-1).length);
  }

  /** Load the editor and put it in the place of the code; whether it is there. */
  #open() {
    this.#isOpening ??= import("./codemirror.js")
      .then(({ createEditor }) => {
        const parent = document.createElement("div");
        parent.className = "dlcore-editor";
        const help = document.createElement("p");
        help.className = "dlcore-editor__help";
        help.setAttribute("aria-hidden", "true"); // the editor's description says it
        help.textContent = "Escape, then Tab, leaves the editor. Shift + Enter runs the code.";
        this.#code.after(parent);
        this.#editor = createEditor({
          parent,
          code: this.code,
          label: this.#name,
          description: HELP,
          onRun: () => this.run(),
          onChange: () => this.#changed(),
        });
        parent.append(help);
        this.#code.hidden = true;
        this.editButton.hidden = true;
        return true;
      })
      .catch((error) => {
        console.error(error);
        this.#isOpening = null;
        this.#say("The editor could not be loaded; the code can be run as it is.");
        return false;
      });
    return this.#isOpening;
  }

  /** Whoever changes code is going to run it. */
  #changed() {
    if (this.#runtime.state === "idle") this.#runtime.start();
    this.#dropped = null;
    this.#keep();
    this.#show({ isRunning: Boolean(this.#run) });
  }

  #show({ isRunning }) {
    // A button that is disabled while it has the focus would drop the focus.
    this.runButton.setAttribute("aria-disabled", String(isRunning));
    this.stopButton.hidden = !isRunning;
    this.resetButton.hidden = !this.#output && this.code === this.#published;
    this.undoButton.hidden = this.#dropped === null;
  }

  #say(sentence) {
    this.message.textContent = sentence;
  }

  #clear() {
    for (const takeDown of this.#widgets.splice(0)) takeDown();
    this.#output?.replaceChildren();
  }

  #drawSoon(started) {
    started.frame ??= requestAnimationFrame(() => {
      started.frame = null;
      if (this.#run === started) this.#draw(started.texts);
    });
  }

  /** Show what a run has written, its output and its error, in the order in which they came. */
  #draw(texts, output = [], error = null) {
    if (!this.#output) {
      this.#output = document.createElement("div");
      this.#output.className = "cell_output docutils container dlcore-cell__output";
      this.#element.append(this.#output);
      if (this.#publishedOutput) this.#publishedOutput.hidden = true;
      this.resetButton.hidden = false;
    }
    const parts = inOrder(texts, output).map((part) => this.#part(part));
    if (error) parts.push(this.#error(error));
    this.#output.replaceChildren(...parts);
  }

  #part(part) {
    if (part.widget) return this.#widget(part.widget);
    if (part.html !== undefined) return box("text_html", withoutScripts(part.html));
    if (part.svg !== undefined) return box("text_html", withoutScripts(part.svg));
    const warning = part.name === "stderr" ? " dlcore-cell__warning" : "";
    return box(`dlcore-cell__text${warning}`, preformatted(part.text));
  }

  #error({ name, message, line, traceback }) {
    const strong = document.createElement("strong");
    strong.textContent = name;
    const sentence = document.createElement("p");
    sentence.append(strong, message ? `: ${message}` : "");
    const parts = [sentence];
    if (traceback) parts.push(preformatted(traceback));
    if (line) parts.push(button(`Go to line ${line}`, () => this.#edit(line)));
    return box("dlcore-cell__error", ...parts);
  }

  #widget(data) {
    const figure = document.createElement("figure");
    figure.className = "dlcore-widget";
    figure.dataset.dlcore = data.declaration.id;
    const caption = document.createElement("figcaption");
    caption.textContent = data.declaration.title;
    figure.append(caption);
    this.#mount(figure, data).then((takeDown) => {
      // The next run may have begun meanwhile.
      if (figure.isConnected) this.#widgets.push(takeDown);
      else takeDown();
    }, console.error);
    return box("text_html", figure);
  }
}

/**
 * Put texts and output into the order in which they came.
 *
 * @param {{name: string, text: string}[]} texts - as written, piece by piece
 * @param {{after: number}[]} output - each with the number of characters written before it
 * @returns {object[]} neighbouring pieces of one stream are joined
 */
export function inOrder(texts, output) {
  const waiting = [...output];
  const parts = [];
  let written = 0;
  const add = (name, text) => {
    const last = parts.at(-1);
    if (last?.name === name) last.text += text;
    else if (text) parts.push({ name, text });
  };
  for (const { name, text } of texts) {
    let rest = text;
    while (waiting.length > 0 && waiting[0].after < written + rest.length) {
      const length = Math.max(waiting[0].after - written, 0);
      add(name, rest.slice(0, length));
      rest = rest.slice(length);
      written += length;
      parts.push(waiting.shift());
    }
    add(name, rest);
    written += rest.length;
  }
  return [...parts, ...waiting];
}

/** Make elements of HTML that a cell's value gave. What runs, loads or restyles is left out. */
function withoutScripts(html) {
  const { content } = Object.assign(document.createElement("template"), { innerHTML: html });
  for (const element of content.querySelectorAll(
    "script, style, link, meta, base, iframe, frame, object, embed, form"
  )) {
    element.remove();
  }
  for (const element of content.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      if (/^on/i.test(name) || /^\s*javascript:/i.test(value)) element.removeAttribute(name);
    }
  }
  return content;
}

function box(kind, ...content) {
  const element = document.createElement("div");
  element.className = `output ${kind}`;
  element.append(...content);
  return element;
}

function preformatted(text) {
  const element = document.createElement("pre");
  // A lone carriage return goes back to the start of the line, as progress bars do.
  element.textContent = text.replace(/[^\n]*\r(?!\n)/g, "").replace(/\n$/, "");
  return element;
}

function button(text, action) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.addEventListener("click", () => element.getAttribute("aria-disabled") !== "true" && action());
  return element;
}
