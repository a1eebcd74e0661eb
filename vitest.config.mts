import { defineConfig } from 'vitest/config';
import { pagePlugin } from './scripts/page.mjs';

/** Folders whose tests need nothing but Node: what `npm run check` runs. */
const UNIT = ['test/{cli,options,commands,mqtt,input,output,bench,broker,fuzz,meta}/**/*.test.ts', 'test/*.test.ts'];

export default defineConfig({
  plugins: [pagePlugin()],
  test: {
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
    projects: [
      { extends: true, test: { name: 'unit', include: UNIT, testTimeout: 20_000 } },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/e2e/**/*.test.ts', 'test/interop/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          testTimeout: 3_600_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
