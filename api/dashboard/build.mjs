// Builds the dashboard: static/{index.html,app.js,words_de.js,words_es.js,app.css} with stable names, the same bytes from
// the same sources everywhere. `--tests` bundles the pure parts' tests into build/tests/ instead;
// `--out DIR` writes elsewhere, which is how the committed files are compared with a fresh build.

import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const VERSION_CHARS = 12; // of a file's SHA-256, enough to tell two builds apart
const here = dirname(fileURLToPath(import.meta.url));
const argument = (name) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};

const common = {
  absWorkingDir: here,
  bundle: true,
  charset: "utf8",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
};

async function buildPages() {
  const out = argument("--out") ?? join(here, "static");
  await mkdir(out, { recursive: true });
  await build({
    ...common,
    entryPoints: {
      app: "src/main.tsx",
      words_de: "src/words/load_de.ts",
      words_es: "src/words/load_es.ts",
    },
    outdir: out,
    format: "iife",
    target: ["chrome120", "firefox120", "safari17.5"],
    minify: true,
    legalComments: "none",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  await build({
    ...common,
    entryPoints: { app: "src/styles/app.css" },
    outdir: out,
    // light-dark() has to stay as it is: the theme is switched by color-scheme at run time
    target: ["chrome123", "firefox120", "safari17.5"],
    minify: true,
  });
  await copyFile(join(here, "src/icon.svg"), join(out, "icon.svg"));
  // a version in the address lets browsers keep a file for ever, under a name that never changes
  let page = await readFile(join(here, "src/index.html"), "utf8");
  for (const name of ["app.js", "words_de.js", "words_es.js", "app.css", "icon.svg"]) {
    const hash = createHash("sha256")
      .update(await readFile(join(out, name)))
      .digest("hex");
    page = page.replace(`/assets/${name}`, `/assets/${name}?v=${hash.slice(0, VERSION_CHARS)}`);
  }
  await writeFile(join(out, "index.html"), page);
}

async function buildTests() {
  const names = (await readdir(join(here, "tests"))).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...common,
    entryPoints: names.map((name) => join("tests", name)),
    outdir: join(here, "build/tests"),
    outExtension: { ".js": ".mjs" },
    format: "esm",
    platform: "node",
    target: "node20",
  });
}

await (process.argv.includes("--tests") ? buildTests() : buildPages());
