import { defineConfig } from 'vitest/config';

/** Tests with real time in them: sockets, processes, slots of half a second. One after the other, when all else is done. */
const WIRE = [
  'test/wire/**/*.test.ts',
  'test/http/**/*.test.ts',
  'test/page/**/*.test.ts',
  'test/cli/*.test.ts',
  'test/package/**/*.test.ts',
];

/** Tests without real time in them. */
export const LOGIC = { include: ['test/**/*.test.ts'], exclude: WIRE, testTimeout: 30_000 };

export default defineConfig({
  test: {
    projects: [
      { test: { ...LOGIC, name: 'logic', sequence: { groupOrder: 0 } } },
      {
        test: {
          name: 'wire',
          include: WIRE,
          testTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
