// Usage: node compress.mjs FILE...
// Writes each file compressed, as FILE.zst, and removes it. Python of the build cannot write this format
// before 3.14.
import fs from "node:fs";
import { constants, zstdCompressSync } from "node:zlib";

const params = { [constants.ZSTD_c_compressionLevel]: 19 };
for (const file of process.argv.slice(2)) {
  const content = fs.readFileSync(file);
  fs.writeFileSync(`${file}.zst`, zstdCompressSync(content, { params, pledgedSrcSize: content.length }));
  fs.rmSync(file);
}
