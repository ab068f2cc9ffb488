import { defineConfig, type Plugin } from 'vitest/config';

/** Vite's own form of the text imports that build.mjs describes. */
const textImports: Plugin = {
  name: 'text-imports',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('.ts') || !code.includes("type: 'text'")) return null;
    return code
      .replace(/from '([^']+)' with \{ type: 'text' \}/g, "from '$1?raw'")
      .replace(/import\('([^']+)', \{ with: \{ type: 'text' \} \}\)/g, "import('$1?raw')");
  },
};

export default defineConfig({
  plugins: [textImports],
  test: {
    include: ['test/**/*.test.ts'],
    // Two workers match the smallest machine that runs this; real sockets and child processes get room to breathe.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Vitest empties style sheets, text imports of them too, unless told not to.
    css: true,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
