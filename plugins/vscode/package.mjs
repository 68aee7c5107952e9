// Makes netdsl-VERSION.vsix: `npm install && npm run package`. An argument is the file to write.
import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";

const run = (...command) => execFileSync("npx", ["--no-install", ...command], { stdio: "inherit", shell: process.platform === "win32" });

copyFileSync("../../LICENSE", "LICENSE");
run("esbuild", "src/extension.js", "--bundle", "--minify", "--platform=node", "--format=cjs", "--external:vscode", "--outfile=dist/extension.js");
// Everything that runs is in the bundle. The repository has no address that relative links could lead to.
run("vsce", "package", "--no-dependencies", "--no-rewrite-relative-links", "--allow-missing-repository", ...(process.argv[2] ? ["--out", process.argv[2]] : []));
