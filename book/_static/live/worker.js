/**
 * Python in a Web Worker: loads what `tools/pack_runtime.py` packed, then answers widgets and runs live
 * cells.
 *
 * Messages that come in: start, widget, run. Messages that go out: progress, ready, failed, reply, stream,
 * keep, result. Everything is fetched from the folder that "start" names.
 */

const MEMORY = /MemoryError|out of memory|memory access out of bounds|could not allocate|allocation failed/i;
const LATE_FILE_ERROR = 29; // EIO: opening a file that cannot be fetched raises an OSError in Python

let base; // address of the runtime's folder
let manifest;
let pyodide;
let python; // the module page_runtime
let finder;
let queue = Promise.resolve();

/** A failure whose reason is known. */
class Failure extends Error {
  constructor(reason, detail) {
    super(detail);
    this.reason = reason;
  }
}

/** Why Python cannot go on, from what was thrown. */
function reasonOf(error) {
  if (error instanceof Failure) return error.reason;
  const text = `${error?.name} ${error?.message ?? error}`;
  const isMemory = MEMORY.test(text) || (error instanceof RangeError && !/call stack/i.test(text));
  return isMemory ? "memory" : "start";
}

function fail(error) {
  // The end of a Python traceback says most; the beginning of a JavaScript error does.
  const detail = String(error?.message ?? error).trim();
  postMessage({ type: "failed", reason: reasonOf(error), detail: detail.slice(-2000) });
}

// ---- downloads --------------------------------------------------------------------------------------------

/** Adds up what has come of several files, in the bytes that travel, and reports it. */
class Progress {
  #loaded = 0;
  #total;
  #reported = 0;

  constructor(total) {
    this.#total = total;
    this.#report();
  }

  /** Report at every percent, not at each of thousands of pieces. */
  add(bytes) {
    this.#loaded = Math.min(this.#loaded + bytes, this.#total);
    const isWhole = Math.round(this.#loaded) === this.#total && Math.round(this.#reported) < this.#total;
    if (isWhole || this.#loaded - this.#reported >= this.#total / 100) this.#report();
  }

  #report() {
    this.#reported = this.#loaded;
    const [loaded, total] = [Math.round(this.#loaded), this.#total];
    postMessage({ type: "progress", loaded, total, stage: "download" });
  }
}

/** Fetch a file of the runtime, or fail with the reason "network". */
async function download(file, options) {
  let response;
  try {
    response = await fetch(new URL(file, base), options);
  } catch (error) {
    throw new Failure("network", `${file}: ${error.message}`);
  }
  if (!response.ok) throw new Failure("network", `${file}: ${response.status} ${response.statusText}`);
  return response;
}

/**
 * Hand on the pieces of a file and count them.
 *
 * @param {ReadableStream} stream
 * @param {{bytes: number, size: number}} file - on the wire, and as the stream has it: a host may have
 *   compressed it
 * @param {Progress} progress
 */
function counted(stream, file, progress) {
  const share = file.bytes / file.size;
  return stream.pipeThrough(
    new TransformStream({
      transform(piece, controller) {
        progress.add(piece.byteLength * share);
        controller.enqueue(piece);
      },
    }),
  );
}

const isGzip = (bytes) => bytes?.[0] === 0x1f && bytes[1] === 0x8b;
const isZstandard = (bytes) => [0x28, 0xb5, 0x2f, 0xfd].every((byte, index) => bytes[index] === byte);

/** Download an archive: of a .gz the tar file inside, of a .zst the file itself. */
async function downloadArchive(archive, progress) {
  const response = await download(archive.file);
  try {
    const { bytes: length } = archive;
    const [head, whole] = counted(response.body, { bytes: length, size: length }, progress).tee();
    const reader = head.getReader();
    const { value } = await reader.read();
    reader.cancel().catch(() => {}); // or this copy would be kept in memory
    // A host may send a .gz file as a plain one that it has compressed: then it arrives unpacked.
    const content = isGzip(value) ? whole.pipeThrough(new DecompressionStream("gzip")) : whole;
    const bytes = new Uint8Array(await new Response(content).arrayBuffer());
    if (isZstandard(bytes) && bytes.length !== length) throw new Error(`only ${bytes.length} bytes came`);
    return bytes;
  } catch (error) {
    throw error instanceof RangeError ? error : new Failure("network", `${archive.file}: ${error.message}`);
  }
}

/** Fetch a file while Python waits; only workers may. */
function downloadNow(file) {
  const request = new XMLHttpRequest();
  request.open("GET", new URL(file, base), false);
  request.responseType = "arraybuffer";
  try {
    request.send();
  } catch {
    return null;
  }
  return request.status >= 200 && request.status < 300 ? new Uint8Array(request.response) : null;
}

/** Decompress with Python: browsers do not know Zstandard. */
function decompress(content) {
  const zstd = pyodide.pyimport("compression.zstd");
  const packed = pyodide.toPy(content);
  const bytes = zstd.decompress(packed);
  const view = bytes.getBuffer("u8");
  const copy = view.data.slice();
  view.release();
  for (const proxy of [bytes, packed, zstd]) proxy.destroy();
  return copy;
}

/** Write the files of an archive (POSIX ustar) into Python's file system. */
function unpack(archive, folder, FS) {
  const tar = isZstandard(archive) ? decompress(archive) : archive;
  const decoder = new TextDecoder();
  const text = (start, length) => decoder.decode(tar.subarray(start, start + length)).replace(/\0.*$/s, "");
  const made = new Set();
  for (let head = 0; head + 512 <= tar.length && tar[head] !== 0; ) {
    const size = parseInt(text(head + 124, 12), 8);
    const prefix = text(head + 345, 155);
    const path = `${folder}/${prefix && `${prefix}/`}${text(head, 100)}`;
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (!made.has(parent)) FS.mkdirTree(parent);
    made.add(parent);
    const content = tar.subarray(head + 512, head + 512 + size);
    FS.writeFile(path, content, { canOwn: true }); // no copy: all files of an archive share its memory
    head += 512 * (1 + Math.ceil(size / 512));
  }
}

// ---- start ------------------------------------------------------------------------------------------------

/** Download all that is needed at once, start Python, and make it ready for requests. */
async function start(message) {
  if (typeof WebAssembly !== "object") throw new Failure("webassembly", "WebAssembly is missing");
  base = new URL(message.base, self.location.href);
  if (base.origin !== self.location.origin) throw new Failure("start", `${base.origin} is another site`);
  manifest = message.manifest ?? (await (await download("manifest.json", { cache: "no-cache" })).json());
  const { core } = manifest;
  const coreFiles = Object.values(core.files);
  const progress = new Progress([...coreFiles, ...manifest.start].reduce((sum, file) => sum + file.bytes, 0));

  // Whatever goes wrong first is what is told. Pyodide itself would wait for ever for a file that is missing.
  const trouble = Promise.withResolvers?.() ?? withResolvers();
  const guarded = (promise) => {
    promise.catch(trouble.reject);
    return promise;
  };
  const importCore = async (name) => {
    try {
      const module = await import(new URL(core.folder + name, base));
      progress.add(core.files[name].bytes);
      return module;
    } catch (error) {
      throw new Failure("network", `${name}: ${error.message}`);
    }
  };
  const loader = guarded(importCore("pyodide.mjs"));
  const program = guarded(importCore("pyodide.asm.mjs"));
  const machine = guarded(downloadMachine(core, progress));
  const archives = manifest.start.map((archive) => guarded(downloadArchive(archive, progress)));
  interceptPyodide(machine, guarded);
  await Promise.race([trouble.promise, startPython(await raced(loader, trouble), program, archives)]);
}

const raced = (promise, trouble) => Promise.race([trouble.promise, promise]);

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

/** The WebAssembly file as a response that the browser may compile while it comes. */
async function downloadMachine(core, progress) {
  const file = core.files["pyodide.asm.wasm"];
  const response = await download(`${core.folder}pyodide.asm.wasm`);
  const copy = response.clone();
  const count = counted(copy.body, file, progress).pipeTo(new WritableStream());
  count.catch(() => {}); // the other copy breaks as well and tells
  const isDeclared = response.headers.get("Content-Type")?.startsWith("application/wasm");
  if (isDeclared) return response;
  return new Response(response.body, { headers: { "Content-Type": "application/wasm" } });
}

/**
 * Give Pyodide, when it fetches, what is on its way already; and learn of errors that it only logs.
 *
 * The browser's own response is handed on as it came: then the browser can keep the compiled program.
 */
function interceptPyodide(machine, guarded) {
  const { fetch } = self;
  const emptyZip = new Uint8Array(22);
  emptyZip.set([0x50, 0x4b, 5, 6]);
  self.fetch = (resource, options) => {
    const address = String(resource?.url ?? resource);
    if (address.endsWith("/pyodide.asm.wasm")) return machine;
    // The standard library comes in an archive of its own; Pyodide insists on this one.
    if (address.endsWith("/python_stdlib.zip")) return Promise.resolve(new Response(emptyZip));
    return fetch.call(self, resource, options);
  };
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = (source, imports) => {
    self.fetch = fetch;
    WebAssembly.instantiateStreaming = instantiateStreaming;
    const made = instantiateStreaming.call(WebAssembly, source, imports).catch((error) => {
      throw error instanceof TypeError ? new Failure("network", `pyodide.asm.wasm: ${error.message}`) : error;
    });
    return guarded(made);
  };
}

async function startPython({ loadPyodide }, program, [library, ...archives]) {
  const silent = () => {};
  pyodide = await loadPyodide({
    indexURL: new URL(manifest.core.folder, base).href,
    packageBaseUrl: base.href,
    lockFileContents: { info: manifest.core.info, packages: {} }, // every package is in an archive
    createPyodideModule: (await program).default,
    fsInit: async (FS) => {
      unpack(await library, manifest.start[0].folder, FS);
      postMessage({ type: "progress", loaded: 1, total: 1, stage: "start" });
    },
    env: { HOME: "/home/pyodide", PYTHONPATH: manifest.start[0].folder, PYTHONDONTWRITEBYTECODE: "1" },
    stdout: silent, // what widgets print has no place; live cells catch what they print
    stderr: silent,
  });
  const { FS } = pyodide;
  for (const [index, content] of archives.entries()) {
    unpack(await content, manifest.start[index + 1].folder, FS);
  }
  for (const file of manifest.lazy) addLazyFile(file, FS);
  python = pyodide.pyimport("page_runtime");
  finder = python.install(JSON.stringify(manifest.modules), fetchLate);
}

/** A file that is fetched when it is first opened. */
function addLazyFile({ path, file, size }, FS) {
  FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
  const node = FS.create(path, 0o100444);
  FS.close(FS.open(path, "r"));
  const { stream_ops: operations } = node;
  node.usedBytes = size;
  node.stream_ops = {
    ...operations,
    open() {
      const content = downloadNow(file);
      if (content === null) throw new FS.ErrnoError(LATE_FILE_ERROR);
      node.contents = content;
      node.usedBytes = content.length;
      node.stream_ops = operations;
    },
  };
}

/** Fetch an archive at the import that needs it; Python's import waits. Returns whether it came. */
function fetchLate(name) {
  const archive = manifest.late.find((entry) => entry.name === name);
  const content = downloadNow(archive.file);
  if (content !== null) unpack(content, archive.folder, pyodide.FS);
  return content !== null;
}

/** Fetch archives before a cell runs, so that there is progress to be seen. */
async function fetchBeforehand(names) {
  const archives = names.map((name) => manifest.late.find((entry) => entry.name === name));
  const progress = new Progress(archives.reduce((sum, archive) => sum + archive.bytes, 0));
  const contents = await Promise.all(archives.map((archive) => downloadArchive(archive, progress)));
  for (const [index, archive] of archives.entries()) {
    unpack(contents[index], archive.folder, pyodide.FS);
    finder.arrived(archive.name);
  }
}

// ---- requests ---------------------------------------------------------------------------------------------

function respond({ id, target, starts, request }) {
  const result = python.respond(target, JSON.stringify(starts ?? {}), JSON.stringify(request));
  const [text, content] = result;
  const view = content.getBuffer("u8");
  const { buffer } = view.data.slice();
  view.release();
  content.destroy();
  result.destroy();
  const reply = JSON.parse(text, (key, value) => {
    if (!value?.dtype || !Array.isArray(value.data)) return value;
    const [start, length] = value.data; // of an array's bytes
    return { ...value, data: new DataView(buffer, start, length) };
  });
  postMessage({ type: "reply", id, reply }, [buffer]);
}

async function run({ id, code, setup, kept }) {
  const late = new Set();
  for (const text of [...setup, code]) {
    const names = finder.needed_by(text);
    for (const name of names.toJs()) late.add(name);
    names.destroy();
  }
  if (late.size > 0) {
    try {
      await fetchBeforehand([...late]);
    } catch (error) {
      if (reasonOf(error) !== "network") throw error;
      // Python tries once more at the import, and the cell shows its error.
    }
  }
  const write = (name, text) => postMessage({ type: "stream", id, name, text });
  const keep = kept === undefined ? undefined : (text) => postMessage({ type: "keep", text });
  const result = python.run(code, write, JSON.stringify(setup), kept, keep);
  postMessage({ type: "result", id, ...JSON.parse(result) });
}

const HANDLERS = { start, widget: respond, run };
let hasFailed = false;

// After a failure Pyodide's own promises break one after the other; what happened has been told.
self.addEventListener("unhandledrejection", (event) => hasFailed && event.preventDefault());

// One request at a time, in the order in which they came; those that come while Python starts wait.
self.onmessage = ({ data }) => {
  queue = queue.then(async () => {
    if (hasFailed) return;
    try {
      await HANDLERS[data.type](data);
      if (data.type === "start") postMessage({ type: "ready" });
    } catch (error) {
      hasFailed = true;
      fail(error);
    }
  });
};
