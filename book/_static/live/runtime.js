/**
 * Python in this page: one Web Worker, shared by all widgets and live cells, and what happens when it fails.
 */

/** What each failure says to the reader, and whether trying again can help. */
export const FAILURES = {
  webassembly: ["Python cannot run here, because this browser has no WebAssembly or has it off.", false],
  worker: ["Python did not start, because its worker was not loaded or is not allowed here.", true],
  file: ["Python cannot run in a page opened as a file; open the book through a web server.", false],
  memory: ["Python ran out of memory and was ended.", true],
  network: ["Python was not loaded, because the connection broke.", true],
  start: ["Python did not start in this browser.", true],
  crash: ["Python ended unexpectedly.", true],
  silent: ["Python has not answered for 30 seconds.", true],
};

const FORGOTTEN = "The names that earlier cells made are gone: run those cells again.";

/** Seconds without any message after which the reader is told. A download reports itself. */
const PATIENCE = { download: 60, start: 120, widget: 30 };

/**
 * The worker and its states: "idle" (not started), "starting", "ready", "failed".
 *
 * Events: "change" when the state or the progress changes, "restart" when the names of live cells are gone.
 */
export class Runtime extends EventTarget {
  #worker = null;
  #folder;
  #widgets = new Map();
  #runs = [];
  #nextId = 1;
  #heard = false;
  #isRetry = false;
  #silence = 0;
  #clock = null;

  /** @param {URL} folder - where the packed runtime lies, with its manifest.json */
  constructor(folder) {
    super();
    this.#folder = folder;
    this.state = "idle";
    /** @type {?{loaded: number, total: number, stage: string}} */
    this.progress = null;
    /** What is kept of exercises (exercises.js), on pages that have some: is sent with each run. */
    this.records = null;
    /** @type {?{reason: string, sentence: string, again: boolean, detail: string}} */
    this.failure = null;
  }

  /** Start Python, if it is not started. After a failure this tries again. */
  start() {
    if (this.state === "starting" || this.state === "ready") return;
    const obstacle = this.#obstacle();
    if (obstacle) {
      this.#fail(obstacle);
      return;
    }
    try {
      this.#worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    } catch (error) {
      this.#fail("worker", String(error));
      return;
    }
    const worker = this.#worker;
    this.#heard = false;
    this.failure = null;
    this.progress = { loaded: 0, total: 0, stage: "download" };
    worker.onmessage = ({ data }) => worker === this.#worker && this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      if (worker === this.#worker) this.#crash(event.message ?? "");
    };
    worker.postMessage({ type: "start", base: this.#folder.href });
    this.#watch();
    this.#enter("starting");
    for (const { message } of this.#widgets.values()) worker.postMessage(message);
    this.#runNext();
  }

  /**
   * Ask a widget's function for a scene. Starts Python where it is not started.
   *
   * @param {string} target - "module:function"
   * @param {object} starts - parameters given in the function's call
   * @param {object} request
   * @returns {Promise<?object>} the reply; null when Python failed
   */
  ask(target, starts, request) {
    const id = this.#nextId++;
    const message = { type: "widget", id, target, starts, request };
    const answer = new Promise((resolve) => this.#widgets.set(id, { message, resolve }));
    if (this.state === "idle") this.start();
    else if (this.state === "failed") this.#dismiss();
    else this.#worker.postMessage(message);
    this.#silence = 0;
    this.#watch();
    if (this.isBlocked) this.#changed();
    return answer;
  }

  /**
   * Run the code of a live cell, after the cells that were started before it.
   *
   * @param {string} cell - the cell's name
   * @param {string} code
   * @param {function("start"|"stream", object=): void} tell - when it begins, and for each text it writes
   * @param {string[]} setup - code that must have run before, once in a Python session
   * @returns {Promise<{output: object[], error: ?object}|{ended: string}>} `ended`: why there is no result
   */
  run(cell, code, tell, setup = []) {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#runs.push({ message: { type: "run", id, cell, code, setup }, tell, resolve, isSent: false });
      if (this.state === "idle" || this.state === "failed") this.start();
      else this.#runNext();
    });
  }

  /**
   * End a cell. One that runs can only be ended together with the worker; another worker starts.
   *
   * @param {string} cell - the cell's name
   */
  stop(cell) {
    const index = this.#runs.findIndex((run) => run.message.cell === cell);
    if (index < 0) return;
    if (!this.#runs[index].isSent) {
      this.#runs.splice(index, 1)[0].resolve({ ended: "Stopped before it ran." });
      return;
    }
    this.#end();
    this.#endRuns(`Stopped. ${FORGOTTEN}`);
    this.#enter("idle");
    this.dispatchEvent(new Event("restart"));
    this.start();
  }

  /** End the worker as a crash would; for tests. The next request starts another. */
  kill() {
    this.#crash("killed");
  }

  /** Whether a live cell is running. */
  get isRunning() {
    return this.#runs.some((run) => run.isSent);
  }

  /** Whether a widget waits for a live cell to end. */
  get isBlocked() {
    return this.isRunning && this.#widgets.size > 0;
  }

  #obstacle() {
    if (location.protocol === "file:") return "file";
    if (typeof WebAssembly !== "object") return "webassembly";
    if (typeof Worker !== "function") return "worker";
    return null;
  }

  #receive(message) {
    this.#heard = true;
    this.#silence = 0;
    if (this.state === "ready") this.progress = null;
    switch (message.type) {
      case "progress":
        // A running cell may load a package; nobody is told when that has ended.
        if (this.state === "starting" || message.loaded < message.total) {
          this.progress = { loaded: message.loaded, total: message.total, stage: message.stage };
        }
        this.#changed();
        break;
      case "ready":
        this.progress = null;
        this.#enter("ready");
        this.#runNext();
        break;
      case "keep":
        this.records?.keep(message.text);
        break;
      case "failed":
        this.#fail(message.reason, message.detail);
        break;
      case "reply":
        this.#isRetry = false;
        this.#widgets.get(message.id)?.resolve(message.reply);
        this.#widgets.delete(message.id);
        break;
      case "stream":
        this.#runs.find((run) => run.message.id === message.id)?.tell("stream", message);
        break;
      case "result": {
        const index = this.#runs.findIndex((run) => run.message.id === message.id);
        if (index < 0) break;
        const [run] = this.#runs.splice(index, 1);
        run.resolve({ output: message.output, error: message.error });
        this.#runNext();
        this.#changed();
        break;
      }
    }
    this.#watch();
  }

  /** One cell at a time goes to the worker, so that the others can be told apart from the one that runs. */
  #runNext() {
    const [run] = this.#runs;
    if (!run || run.isSent || this.state !== "ready") return;
    run.isSent = true;
    run.tell("start");
    this.#worker.postMessage({ ...run.message, kept: this.records?.text });
    this.#changed();
  }

  /** The worker is gone. Widgets ask again, once; what a cell had made is lost. */
  #crash(detail) {
    const wasReady = this.state === "ready";
    if (this.state !== "starting" && !wasReady) return;
    if (!wasReady) {
      this.#fail(this.#heard ? "start" : "worker", detail);
      return;
    }
    this.#end();
    this.#endRuns(`Python ended unexpectedly. ${FORGOTTEN}`);
    if (this.#widgets.size > 0 && this.#isRetry) {
      this.#isRetry = false;
      this.#fail("crash", detail);
      return;
    }
    this.#enter("idle");
    this.dispatchEvent(new Event("restart"));
    if (this.#widgets.size > 0) {
      this.#isRetry = true;
      this.start();
    }
  }

  #fail(reason, detail = "") {
    const [sentence, again] = FAILURES[reason] ?? FAILURES.start;
    const wasReady = this.state === "ready";
    this.#end();
    this.failure = { reason, sentence, again, detail };
    this.#enter("failed");
    this.#dismiss();
    this.#endRuns(wasReady ? `${sentence} ${FORGOTTEN}` : sentence);
    if (wasReady) this.dispatchEvent(new Event("restart"));
  }

  #end() {
    this.#worker?.terminate();
    this.#worker = null;
    this.progress = null;
    clearInterval(this.#clock);
    this.#clock = null;
  }

  #dismiss() {
    for (const { resolve } of this.#widgets.values()) resolve(null);
    this.#widgets.clear();
  }

  #endRuns(sentence) {
    for (const run of this.#runs.splice(0)) run.resolve({ ended: sentence });
  }

  #enter(state) {
    this.state = state;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** Count the seconds of silence, where an answer is due. A page that is hidden or asleep counts none. */
  #watch() {
    const isDue = this.state === "starting" || (this.#widgets.size > 0 && !this.isRunning);
    if (!isDue || !this.#worker) {
      clearInterval(this.#clock);
      this.#clock = null;
      return;
    }
    if (this.#clock !== null) return;
    this.#silence = 0;
    this.#clock = setInterval(() => {
      if (document.hidden) return;
      this.#silence += 1;
      const stage = this.state === "starting" ? (this.progress?.stage ?? "start") : "widget";
      if (this.#silence < PATIENCE[stage]) return;
      this.#fail({ download: "network", start: "start", widget: "silent" }[stage], "no answer");
    }, 1000);
  }
}
