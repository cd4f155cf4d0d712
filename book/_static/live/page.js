/**
 * Brings the widgets and the live cells of a page to life.
 *
 * A widget's figure holds the data of its first scene, so it is drawn at once. Python starts when somebody
 * touches a widget or a live cell, and not before.
 */

import { Runtime } from "./runtime.js";
import { statusLine } from "./status.js";

const OURS = "dlcore.widgets.";
const TOUCHES = ["pointerenter", "pointerdown", "touchstart", "focusin"];

/** What the view of a widget sees of it: the methods of anywidget's model. */
class Model {
  #values;
  #unsaved = new Set();
  #listeners = new Map();
  #onRequest;

  constructor(values, onRequest) {
    this.#values = values;
    this.#onRequest = onRequest;
  }

  get(name) {
    return this.#values[name];
  }

  set(name, value) {
    this.#values[name] = value;
    this.#unsaved.add(name);
    for (const listener of [...(this.#listeners.get(`change:${name}`) ?? [])]) listener();
  }

  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
  }

  off(event, listener) {
    if (!event) this.#listeners.clear();
    else if (!listener) this.#listeners.delete(event);
    else this.#listeners.get(event)?.delete(listener);
  }

  save_changes() {
    const isRequest = this.#unsaved.has("request");
    this.#unsaved.clear();
    if (isRequest) this.#onRequest(this.#values.request);
  }
}

/**
 * Draw a widget in its figure, under its picture, and let the runtime answer it.
 *
 * @param {HTMLElement} figure - `figure.dlcore-widget`; it keeps its picture where the widget is not one of
 *   the book's
 * @param {{declaration: object, reply: object}} data - what the figure embeds
 * @param {Runtime} runtime
 * @returns {Promise<function(): void>} resolved when the first scene is drawn; the function takes the widget
 *   down
 */
export async function mount(figure, data, runtime) {
  const { declaration, reply } = data;
  if (!declaration.id.startsWith(OURS)) return () => {};
  const { default: view } = await import("./view.js");
  const live = document.createElement("div");
  live.className = "dlcore-widget__live";
  const status = statusLine(runtime);
  status.element.classList.add("dlcore-widget__status");

  const model = new Model({ declaration, reply, request: {}, failure: "" }, async (request) => {
    const answer = await runtime.ask(declaration.id, declaration.starts, request);
    if (answer) model.set("reply", answer);
  });
  const followFailure = () => {
    const sentence = runtime.state === "failed" ? runtime.failure.sentence : "";
    if (sentence !== model.get("failure")) model.set("failure", sentence);
  };

  figure.querySelector(":scope > .dlcore-widget__picture, :scope > figcaption")?.after(live, status.element);
  const cleanUp = await view.render({ model, el: live });
  figure.dataset.live = "";
  figure.dlcoreRuntime = runtime;
  runtime.addEventListener("change", followFailure);
  followFailure();
  const touch = () => {
    for (const event of TOUCHES) figure.removeEventListener(event, touch);
    status.attend(true);
    if (runtime.state === "idle") runtime.start();
  };
  for (const event of TOUCHES) figure.addEventListener(event, touch, { passive: true });
  return () => {
    runtime.removeEventListener("change", followFailure);
    status.leave();
    cleanUp?.();
  };
}

/** Load a style sheet of this folder, unless the page has it. */
function loadStyle(name) {
  const links = [...document.querySelectorAll("link[rel=stylesheet]")];
  if (links.some((link) => new URL(link.href).pathname.endsWith(`/live/${name}`))) return Promise.resolve();
  return new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(name, import.meta.url).href;
    link.onload = link.onerror = resolve;
    document.head.append(link);
  });
}

/** Paper is white: a page in the dark theme is printed in the light one, or its text could not be read. */
function printInTheLight() {
  const { dataset } = document.documentElement;
  let theme = null;
  addEventListener("beforeprint", () => {
    theme ??= dataset.theme;
    dataset.theme = "light";
  });
  addEventListener("afterprint", () => {
    if (theme !== null) dataset.theme = theme;
    theme = null;
  });
}

async function begin(folder) {
  const figures = [...document.querySelectorAll("figure.dlcore-widget[data-dlcore]")];
  const cells = [...document.querySelectorAll("div.cell.tag_live")];
  const runtime = new Runtime(folder);
  await Promise.all([loadStyle("live.css"), figures.length > 0 && loadStyle("view.css")]);
  for (const figure of figures) {
    const data = figure.querySelector(":scope > script.dlcore-widget__data");
    if (!data) continue;
    try {
      await mount(figure, JSON.parse(data.textContent), runtime);
    } catch (error) {
      // This widget keeps its picture; the others need not suffer.
      console.error(error);
      const note = figure.querySelector(".dlcore-widget__note");
      if (note) note.textContent = "The controls are missing, because a part of this page was not loaded.";
    }
  }
  if (cells.length > 0) {
    const { bringToLife } = await import("./cells.js");
    let workOn;
    if (cells.some((cell) => cell.classList.contains("tag_exercise"))) {
      const { openExercises, openSolutions } = await import("./exercises.js");
      workOn = openExercises(runtime);
      openSolutions();
    }
    bringToLife(cells, runtime, (figure, data) => mount(figure, data, runtime), workOn);
  }
}

printInTheLight();
const script = document.querySelector("script[data-runtime]");
if (script?.dataset.runtime) {
  // A folder's address ends with a slash, or what is resolved against it lands beside it.
  const folder = script.dataset.runtime.replace(/\/?$/, "/");
  await begin(new URL(folder, document.baseURI));
}
