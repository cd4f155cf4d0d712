// Usage: node run_in_pyodide.mjs CORE FOLDER SCRIPT
// Starts the Pyodide in the folder CORE, shows it FOLDER as /work, and runs the Python file SCRIPT.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [core, folder, script] = process.argv.slice(2).map((argument) => path.resolve(argument));
const { loadPyodide } = await import(pathToFileURL(path.join(core, "pyodide.mjs")));
try {
  const pyodide = await loadPyodide({ indexURL: core, env: { HOME: "/home/pyodide" } });
  pyodide.mountNodeFS("/work", folder);
  pyodide.runPython(fs.readFileSync(script, "utf8"));
} catch (error) {
  // The whole error would show Pyodide's minified source.
  console.error(String(error.message ?? error).slice(-4000));
  process.exit(1);
}
