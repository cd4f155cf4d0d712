/**
 * The exercises of a page: the code that runs before an answer, what was solved, and the reader's own code.
 *
 * All of it stays in this browser, in localStorage; where that is refused, it lasts as long as the page.
 */

const RECORDS = "dlcore.exercises"; // JSON as dlcore/exercises/memory.py writes it
const CODE = "dlcore.code."; // and the id of the exercise
const LONGEST = 100_000; // characters of an answer that are kept
const PAUSE = 400; // milliseconds without typing after which an answer is kept

/**
 * Prepare the exercises of this page: mark what is solved, and find what each answer needs.
 *
 * @param {import("./runtime.js").Runtime} runtime - is given the records
 * @returns {function(HTMLElement): ?Work} the work on the exercise whose answer a live cell holds; null where
 *   it holds none
 */
export function openExercises(runtime) {
  const setup = [...document.querySelectorAll("div.cell.tag_live-setup .cell_input pre")].map(textOf);
  const works = new Map();
  for (const element of document.querySelectorAll("div.cell.tag_exercise")) {
    works.set(element, new Work(exerciseOf(element), setup));
  }
  const ids = [...works.values()].map((work) => work.id).filter(Boolean);
  const records = new Records();
  runtime.records = records;
  for (const [element, { id }] of works) if (id) markHeading(element, id, records);
  if (ids.length > 0) showProgress(ids, records);
  return (element) => works.get(element) ?? null;
}

/** Open the fold of the solution that the page's address names, at the start and when a link leads to one. */
export function openSolutions() {
  const open = () => {
    const solution = document.querySelector(':target[id$="-solution"]');
    if (!solution) return;
    for (const fold of solution.querySelectorAll("details")) fold.open = true;
    solution.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();
}

/** The id of the exercise that a cell's published code checks, or "". */
function exerciseOf(element) {
  const code = textOf(element.querySelector(".cell_input pre"));
  return /^check\(\s*["']([\w.]+)["']/m.exec(code)?.[1] ?? "";
}

function textOf(pre) {
  return pre?.textContent.replace(/\n$/, "") ?? "";
}

// ---- what the browser keeps -------------------------------------------------------------------------------

function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keep a text, or with null nothing; whether the browser did. */
function write(key, text) {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
    return true;
  } catch {
    return false;
  }
}

/** What was tried and solved, on every page. Event: "change". */
class Records extends EventTarget {
  #unkept = null; // all records, where the browser would not keep them

  constructor() {
    super();
    addEventListener("storage", ({ key }) => {
      // A null says that everything was cleared.
      if (key === RECORDS || key === null) this.dispatchEvent(new Event("change"));
    });
  }

  /** The record of an exercise. */
  of(id) {
    return this.#all[id] ?? { tries: 0, hints: 0, solved: false };
  }

  /** All records, for Python. */
  get text() {
    return JSON.stringify(this.#all);
  }

  /** Take over what Python has counted. Another tab may have counted too: what was solved stays solved. */
  keep(text) {
    const all = this.#all;
    for (const [id, ours] of Object.entries(parsed(text))) {
      const theirs = this.of(id);
      all[id] = {
        tries: Math.max(ours.tries, theirs.tries),
        hints: Math.max(ours.hints, theirs.hints),
        solved: ours.solved || theirs.solved,
      };
    }
    this.#save(all);
  }

  /** Forget some exercises. */
  forget(ids) {
    const all = this.#all;
    for (const id of ids) delete all[id];
    this.#save(all);
  }

  get #all() {
    return this.#unkept ?? parsed(read(RECORDS));
  }

  #save(all) {
    this.#unkept = write(RECORDS, JSON.stringify(all)) ? null : all;
    this.dispatchEvent(new Event("change"));
  }
}

/** The records in a text; what is none is left out. */
function parsed(text) {
  let found;
  try {
    found = JSON.parse(text || "{}");
  } catch {
    found = null;
  }
  const all = Object.create(null);
  if (typeof found !== "object" || Array.isArray(found)) return all;
  for (const [id, record] of Object.entries(found ?? {})) {
    if (typeof record !== "object" || record === null) continue;
    const { tries = 0, hints = 0, solved = false } = record;
    if (!Number.isInteger(tries) || !Number.isInteger(hints)) continue;
    all[id] = { tries, hints, solved: Boolean(solved) };
  }
  return all;
}

/** The work on one exercise: what its answer needs, and the reader's code of an earlier visit. */
class Work {
  #timer = null;
  #pending;
  #onRefused;

  /**
   * @param {string} id - "topic.name"; "" for a cell without a check, whose code is not kept
   * @param {string[]} setup - code that must have run before
   */
  constructor(id, setup) {
    this.id = id;
    this.setup = setup;
    // Phones end a page that was left without another word.
    addEventListener("pagehide", () => this.#write());
    document.addEventListener("visibilitychange", () => document.hidden && this.#write());
  }

  /** The code of an earlier visit, or null. */
  get earlier() {
    return this.id ? read(CODE + this.id) : null;
  }

  /**
   * Keep the code, once the typing pauses.
   *
   * @param {?string} code - null to keep nothing
   * @param {function(): void} onRefused - called where the browser does not keep it
   */
  keep(code, onRefused) {
    if (!this.id) return;
    clearTimeout(this.#timer);
    this.#pending = code;
    this.#onRefused = onRefused;
    this.#timer = setTimeout(() => this.#write(), PAUSE);
  }

  #write() {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    const isTooLong = this.#pending?.length > LONGEST;
    if (isTooLong || !write(CODE + this.id, this.#pending)) this.#onRefused();
  }
}

// ---- what the page shows ----------------------------------------------------------------------------------

/** Mark the heading of an exercise while it is solved. */
function markHeading(element, id, records) {
  const target = document.getElementById(id.replaceAll(/[._]/g, "-").toLowerCase());
  const section = target?.closest("section") ?? element.closest("section");
  const heading = section?.querySelector(":scope > :is(h1, h2, h3, h4, h5, h6)");
  if (!heading) return;
  const mark = document.createElement("span");
  mark.className = "dlcore-solved";
  mark.textContent = "solved";
  const update = () => {
    if (!records.of(id).solved) mark.remove();
    else if (!mark.isConnected) heading.insertBefore(mark, heading.querySelector(":scope > .headerlink"));
  };
  records.addEventListener("change", update);
  update();
}

/** Say at the top of the page how many exercises are solved, with a button that forgets it. */
function showProgress(ids, records) {
  const title = document.querySelector("article h1"); // the theme has one more, for print
  if (!title) return;
  const line = document.createElement("div");
  line.className = "dlcore-progress";
  const sentence = document.createElement("span");
  sentence.setAttribute("role", "status");
  const forget = document.createElement("button");
  forget.type = "button";
  line.append(sentence, forget);
  const promise = title.nextElementSibling; // its first paragraph is a part of the title
  (promise?.localName === "p" ? promise : title).after(line);

  const ask = (isSure) => {
    forget.dataset.sure = String(isSure);
    forget.textContent = isSure ? "Really forget?" : "Forget";
  };
  const update = () => {
    const found = ids.map((id) => records.of(id));
    const solved = found.filter((record) => record.solved).length;
    line.hidden = !found.some((record) => record.tries > 0 || record.hints > 0 || record.solved);
    const text = `${solved} of ${ids.length} solved on this device.`;
    if (sentence.textContent !== text) sentence.textContent = text;
  };
  forget.addEventListener("click", () => {
    if (forget.dataset.sure === "true") records.forget(ids);
    ask(forget.dataset.sure !== "true");
  });
  forget.addEventListener("blur", () => ask(false));
  records.addEventListener("change", update);
  ask(false);
  update();
}
