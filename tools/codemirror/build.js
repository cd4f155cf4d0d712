// Writes book/_static/live/codemirror.js: the editor and what it imports, with their versions and licences on top.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const options = {
  absWorkingDir: here("."),
  entryPoints: ["editor.js"],
  bundle: true,
  format: "esm",
  legalComments: "none",
  metafile: true,
  minify: true,
  target: "es2022",
};

const { metafile } = await build({ ...options, write: false });
const [output] = Object.values(metafile.outputs);
const used = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
const names = new Set(used.map(([path]) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean));

const versions = [];
const holders = new Set();
const permissions = new Set();
for (const name of [...names].sort()) {
  versions.push(`${name} ${JSON.parse(readFileSync(here(`node_modules/${name}/package.json`), "utf8")).version}`);
  const [, holder, permission] = readFileSync(here(`node_modules/${name}/LICENSE`), "utf8").match(
    /(Copyright [^\n]*)\n\n(Permission is hereby granted[^]*?)\s*$/
  );
  holders.add(holder);
  permissions.add(permission);
}
if (permissions.size !== 1) throw new Error("the packages no longer share one licence text");

const banner = `/*!
The code editor of the live cells, made by tools/codemirror. It holds:
${versions.map((version) => `  ${version}`).join("\n")}

MIT License

${[...holders].sort().join("\n")}

${[...permissions][0]}
*/`;
await build({
  ...options,
  banner: { js: banner },
  charset: "utf8",
  outfile: here("../../book/_static/live/codemirror.js"),
});
