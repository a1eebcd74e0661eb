// Joins files of the bundler's into one, with one scope for all: a function of another file is then called by its name,
// and not by a getter of an object that had to be made first.
import { build } from 'esbuild';

/** Node's own modules, and files that are not joined, by the `require` that the text is given. */
const ENTRY = 'entry';

/**
 * `chunks`: ES modules, `{ text, exports }` by id (`./name.js`); `ids`: which to join; `options`: of the bundler. Returns
 * the text of a function of `require` and `provide`: it runs the modules, and provides by id a function that makes the
 * namespace of a module, for what asks for it by `require`.
 */
export async function join(chunks, ids, options) {
  const { outputFiles, warnings } = await build({
    ...options,
    entryPoints: [ENTRY],
    write: false,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    legalComments: 'none',
    logLevel: 'silent',
    // Makes `import()` a `require` that waits its turn.
    supported: { 'dynamic-import': false },
    plugins: [only(chunks, ids)],
  });
  // `import.meta` is empty in CommonJS: code that reads it must be replaced before, not shipped.
  const [empty] = warnings.filter(({ id }) => id === 'empty-import-meta');
  if (empty !== undefined) throw new Error(`${ids[0]}: ${empty.text}`);
  // A namespace that is provided is one already: nothing to copy.
  const text = outputFiles[0].text.trimEnd().replace(/__toESM\((require\("\.\/[^"]+"\))\)/g, '$1');
  // One text for both: as a script its value is the function, as a module it exports it. In parentheses V8 compiles the
  // function at once, instead of skipping it first.
  return `(f=>typeof module=="object"?module.exports=f:f)((function(require,provide){${text}\n}));\n`;
}

/** @returns {import('esbuild').Plugin} */
function only(chunks, ids) {
  return {
    name: 'only',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^/ }, ({ path, kind }) => {
        const isJoined = path === ENTRY || (kind !== 'dynamic-import' && ids.includes(path));
        return isJoined ? { path, namespace: 'join' } : { path, external: true };
      });
      onLoad({ filter: /^/, namespace: 'join' }, ({ path }) => ({
        contents: path === ENTRY ? entryFor(chunks, ids) : chunks.get(path).text,
        loader: 'js',
      }));
    },
  };
}

/** The getters are made when somebody asks for the namespace: most files are asked for by nobody any more. */
function entryFor(chunks, ids) {
  const lines = [];
  const namespaces = ids.map((id, index) => {
    const names = chunks.get(id).exports;
    const local = (name) => `from${index}_${name}`;
    lines.push(`import {${names.map((name) => `${name} as ${local(name)}`).join()}} from ${JSON.stringify(id)};`);
    return `${JSON.stringify(id)}:()=>({${names.map((name) => `get ${name}(){return ${local(name)}}`).join()}})`;
  });
  return `${lines.join('\n')}\nprovide({${namespaces.join()}});`;
}
